"""A plan is an address: no account, nothing kept, a sentence for every wrong answer."""

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from fiducial.plans import measured
from fiducial.viewer.glossary import WORDS
from workers.assessment.brightness import CONTRAST, SENSITIVITY, USUAL_SENSITIVITY

ANSWERS = {
    "width": 1000,
    "height": 1000,
    "hours": 4,
    "current": 40,
    "minimum_dwell": 5,
    "overhead": 1,
    "step": 2,
    "grain": 40,
    "elements": "Si 20, Cr trace",
}
pytestmark = pytest.mark.django_db


def ask(client: Client, path: str = "/plan/", **changes: Any) -> tuple[int, str]:
    answer = client.get(f"{path}?{urlencode(ANSWERS | changes)}")
    return answer.status_code, html.unescape(answer.content.decode())


def test_the_front_door_leads_to_a_form_that_is_already_filled_in(client: Client) -> None:
    assert 'href="/plan/"' in client.get("/").content.decode()
    page = client.get("/plan/").content.decode()
    assert "Show three plans" in page
    assert 'name="hours" value="4"' in page
    assert ">best</strong>" not in page


def test_a_plan_costs_no_query_and_opens_no_session(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = client.get(f"/plan/?{urlencode(ANSWERS)}")
    assert answer.status_code == 200
    assert set(answer.cookies) <= {"csrftoken"}


def test_three_plans_with_the_best_one_named_and_every_number_defined(client: Client) -> None:
    status, page = ask(client, hours=16)
    assert status == 200
    assert "Scan every pixel: a step of 2 µm, 229 ms each." in page
    assert "Super-resolution is the wrong choice here" in page
    assert page.count('<li class="card') == 3
    assert page.count(">best</strong>") == 1
    words = re.findall(r'popovertarget="define-([\w-]+)-\w+"', page)
    wanted = ("dwell", "overhead", "overall", "spread", "counts", "error")
    assert {*(f"plan-{word}" for word in wanted), "resolution"} <= set(words)


def test_plans_as_good_as_each_other_have_no_winner_and_the_finer_is_taken(client: Client) -> None:
    _, page = ask(client, hours=2, minimum_dwell=1)
    assert "Scan every pixel" in page
    assert "Between ×1 and ×2 there is no clear difference; take the finer" in page
    assert "Super-resolution gains nothing here" in page


def test_a_shortest_dwell_that_does_not_fit_makes_super_resolution_right(client: Client) -> None:
    _, page = ask(client, minimum_dwell=100)
    assert "Finer does not fit: a step of 2 µm takes 7 h" in page
    assert "So super-resolution earns its place here." in page
    assert "wrong choice" not in page


def test_grains_finer_than_the_step_make_super_resolution_wrong_again(client: Client) -> None:
    _, page = ask(client, minimum_dwell=100, grain=0.5)
    assert "grains of 0.5 µm are too fine for a step of 4 µm" in page
    assert "Super-resolution is the wrong choice here" in page
    assert "earns its place" not in page


def test_what_cannot_be_done_is_said_with_what_could(client: Client) -> None:
    _, page = ask(client, hours=0.01, minimum_dwell=50)
    assert "This does not fit into 36 s." in page
    needed = re.search(r"or a field of (\d+(?:\.\d+)?) × (\d+(?:\.\d+)?) µm", page)
    assert needed is not None
    width, height = (0.99 * float(side) for side in needed.groups())
    _, page = ask(client, hours=0.01, minimum_dwell=50, width=width, height=height)
    assert "This does not fit" not in page
    _, page = ask(client, width=10, height=10)
    assert "The field is too small for a step of 2 µm." in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hours": "abc"}, "Give a number from 0.01 to 1000."),
        ({"hours": "nan"}, "Give a number from 0.01 to 1000."),
        ({"width": -5}, "Give a number from 1 to 200000."),
        ({"step": ""}, "This is needed. Give a number"),
        ({"elements": "Xx 3"}, "“Xx” is no element that a map shows"),
        ({"elements": "Si 120"}, "Si cannot be 120 wt%"),
        ({"elements": "Si 20 ± 0"}, "Si ± 0 varies nowhere"),
        ({"elements": ""}, "Name at least one element"),
        ({"elements": "Si 1," * 400}, "at most 600 characters"),
        ({"counts": "Si 159 ± 104"}, "Give the dwell of the quick scan"),
        ({"counts": "Si 16 ± 3", "quick_dwell": 15}, "no more than counting noise"),
        ({"sensitivity": "Si major"}, "give Si a number"),
        ({"sampling": "other"}, "Select a valid choice"),
    ],
)
def test_a_wrong_answer_gets_its_sentence_at_its_field(
    client: Client, changes: dict[str, Any], sentence: str
) -> None:
    status, page = ask(client, **changes)
    assert status == 422
    (field,) = set(changes) if len(changes) == 1 else {"counts"}
    named = "quick_dwell" if changes == {"counts": "Si 159 ± 104"} else field
    assert sentence in page
    assert re.search(rf'name="{named}"[^>]*aria-invalid="true"', page)
    assert "No plan yet: 1 answer below needs a look." in page


def test_a_quick_scan_stands_in_for_the_composition(client: Client) -> None:
    _, page = ask(client, elements="", counts="Si 159 ± 104", quick_dwell=15)
    assert "of its mean" in page
    assert "wt%</td>" not in page
    _, page = ask(client, counts="Si 159 ± 104", quick_dwell=15)
    assert page.index(">Si</th>") < page.index(">Cr</th>")


def test_the_saved_page_needs_nothing_else(client: Client) -> None:
    answer = client.get(f"/plan/page/?{urlencode(ANSWERS)}")
    page = answer.content.decode()
    assert answer["Content-Disposition"] == 'attachment; filename="session-plan.html"'
    assert not re.search(r"<(?:script|link|img|iframe)|url\(|@import|src=", page)
    assert "Scan every pixel" in page
    assert "Si 20, Cr trace" in page
    assert f"http://testserver/plan/?{urlencode(ANSWERS)}" in html.unescape(page)
    links = set(re.findall(r'class="define" href="#([^"]+)"', page))
    assert {"define-plan-error", "define-resolution"} <= links
    assert links <= set(re.findall(r'<dt id="([^"]+)"', page))


def test_the_definitions_quote_the_figures_plans_are_made_with() -> None:
    assert f"{CONTRAST:g} of the mean" in WORDS["plan-spread"].means
    said = WORDS["plan-sensitivity"].means
    for element, value in SENSITIVITY.items():
        assert f"{element} {value:.3g}" in said or f"{element} {value:.1f}" in said
    assert f"{USUAL_SENSITIVITY:g} for other elements" in said


def test_a_saved_page_of_wrong_answers_leads_back_to_the_form(client: Client) -> None:
    answer = client.get("/plan/page/?hours=abc")
    assert (answer.status_code, answer.url) == (302, "/plan/?hours=abc")


def test_the_form_page_shows_measured_figures_of_both_plans(client: Client) -> None:
    page = client.get("/plan/").content.decode()
    found = json.loads((measured.RESULTS / "xray.json").read_text())
    for key in ("fine.psnr_db", "fine.rival.tv.psnr_db", "coarse.rival.bicubic.psnr_db"):
        assert f"{found[f'obj1.time4.{key}']:.2f} dB" in page


def test_nothing_is_claimed_without_the_benchmarks(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "RESULTS", tmp_path)
    # With its space: a CSRF token may hold the two letters.
    assert " dB" not in client.get("/plan/").content.decode()
    _, page = ask(client)
    assert "has not been measured on this machine" in page


def test_the_wrongness_of_predictions_is_read_from_the_benchmark(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = {
        "ratio": 0.61,
        "ratio_p10": 0.4,
        "ratio_p90": 1.07,
        "ordered": 0.93,
        "regret": 0.012,
        "regret_worst": 0.12,
    }
    kept = {f"plan.{kind}.{end}": v for kind in ("synthetic", "real") for end, v in figures.items()}
    (tmp_path / "assessment.json").write_text(json.dumps(kept))
    monkeypatch.setattr(measured, "RESULTS", tmp_path)
    _, page = ask(client)
    for words in (
        "0.61",
        "0.40 to 1.07",
        "93\N{NO-BREAK SPACE}%",
        "1.2\N{NO-BREAK SPACE}%, at worst 12",
        "real rocks",
    ):
        assert words in page
