"""Phases, their answers in counts and wt%, the table to take away, and widths of boundaries."""

import csv
import io

import imagecodecs
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fiducial.accounts.models import Membership, User
from fiducial.errors import Refused
from fiducial.measurements import services
from fiducial.measurements.models import Standards
from fiducial.runs.models import Run
from fiducial.viewer import answers, boundaries, stores
from tests.factories.finished_runs import finished_run
from tests.factories.people import person
from tests.factories.run_store import draw_specimen, measure_truth
from workers.assessment.answers.profile import FROM_10_TO_90

TABLE = (
    "standard,element,wt_percent,counts,uncertainty\n"
    "quartz,Si,46.7,94.4,0.1\niron,Si,0,1.0,0.1\nmagnetite,Si,0,1.0,0.1\n"
    "iron,Fe,100,201.0,0.1\nmagnetite,Fe,72.4,145.8,0.1\nquartz,Fe,0,1.0,0.1\n"
)


def given(client: Client, run: Run, table: str = TABLE, name: str = "mount.csv") -> str:
    """What the page says after a table was uploaded."""
    file = SimpleUploadedFile(name, table.encode(), "text/csv")
    answer = client.post(f"/runs/{run.pk}/standards", {"table": file}, follow=True)
    return answer.content.decode()


def rows(client: Client, run: Run) -> list[dict[str, str]]:
    answer = client.get(f"/runs/{run.pk}/answers.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_page_shows_every_phase_with_its_intervals(client: Client, run: Run) -> None:
    text = client.get(f"/runs/{run.pk}/").content.decode()
    found = answers.phases(stores.of_run(run), None)
    assert len(found) > 1
    assert sum(phase.mode.value for phase in found) == pytest.approx(100)
    for phase in found:
        assert phase.mode.lower <= phase.mode.value <= phase.mode.upper
        assert "{1} to {2}".format(*phase.mode.shown) in text
        assert {value.unit for value in phase.made_of} == {"counts"}
    assert "on 40 specimens the model had never seen" in text
    assert "These are counts" in text


def test_numbers_have_the_decimals_that_their_interval_has() -> None:
    assert answers.Value(33.712, 31.8, 36.0, "wt%").shown == ["34", "32", "36"]
    assert answers.Value(0.213, 0.17, 0.26, "wt%").shown == ["0.21", "0.17", "0.26"]
    assert answers.Value(1322.7, 1260.0, 1385.0, "counts").shown == ["1323", "1260", "1385"]
    assert answers.Value(100.0, 100.0, 100.0, "%").shown == ["100.0"] * 3


def test_map_of_phases_is_clear_where_nothing_was_measured(client: Client, run: Run) -> None:
    answer = client.get(f"/runs/{run.pk}/phases.png")
    assert answer.headers["Content-Type"] == "image/png"
    picture = imagecodecs.png_decode(answer.content)
    assert picture.shape == (96, 128, 4)
    assert picture[-1, -1, 3] == 0
    pure = {tuple(bytes.fromhex(colour)) for colour in answers.COLOURS}
    assert {tuple(pixel[:3]) for pixel in picture[0, :4].tolist()} & pure


def test_standards_turn_counts_into_wt_and_back(client: Client, run: Run) -> None:
    in_counts = answers.phases(stores.of_run(run), None)
    text = given(client, run)
    assert "Compositions are now in wt%, by mount.csv" in text
    assert "No standard has enough of Ca: counts there." in text
    quantified = answers.quantification(run.measurement)
    for before, after in zip(
        in_counts, answers.phases(stores.of_run(run), quantified), strict=True
    ):
        si, fe, ca = after.made_of
        assert (si.unit, fe.unit, ca.unit) == ("wt%", "wt%", "counts")
        assert fe.value == pytest.approx((before.made_of[1].value - 1) / 2, rel=1e-3)
        assert fe.upper - fe.value >= (before.made_of[1].upper - before.made_of[1].value) / 2 * 0.94
        assert ca == before.made_of[2]
    client.post(f"/runs/{run.pk}/standards", {"counts": "1"})
    assert answers.quantification(run.measurement) is None


def test_the_newest_standards_count_and_the_older_are_kept(client: Client, run: Run) -> None:
    given(client, run)
    given(client, run, TABLE.replace("94.4", "47.7"), "second.csv")
    quantified = answers.quantification(run.measurement)
    assert quantified.source.name == "second.csv"
    assert quantified.lines["Si"].slope == pytest.approx(1.0)
    assert run.measurement.standards.count() == 2


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("a,b\n1,2\n", "The first line must name the columns"),
        (TABLE.replace("94.4", "lots"), "Line 2: “lots” in the column counts is no number"),
        ("x" * 70_000, "A table of standards has at most 64"),
        ("\0\0\0", "must name the columns"),
    ],
)
def test_a_bad_table_is_refused_in_a_sentence(
    client: Client, run: Run, table: str, sentence: str
) -> None:
    text = given(client, run, table)
    assert sentence.casefold() in text.casefold()
    assert "Nothing was changed." in text
    assert not Standards.objects.exists()


def test_no_file_is_asked_for(client: Client, run: Run) -> None:
    answer = client.post(f"/runs/{run.pk}/standards", follow=True)
    assert "Choose a file first" in answer.content.decode()


def test_only_those_who_work_in_the_lab_give_standards(run: Run) -> None:
    reviewer = person()
    lab = run.measurement.project.lab
    Membership.objects.create(lab=lab, user=reviewer, role=Membership.Role.REVIEWER)
    with pytest.raises(Refused, match="Only owners and members"):
        services.attach_standards(
            measurement=run.measurement, name="m.csv", data=TABLE.encode(), by=reviewer
        )
    with pytest.raises(Refused, match="Only owners and members"):
        services.detach_standards(measurement=run.measurement, by=reviewer)


def test_strangers_find_no_answers(stranger: Client, run: Run) -> None:
    for part in ("answers.csv", "phases.png"):
        assert stranger.get(f"/runs/{run.pk}/{part}").status_code == 404
    assert stranger.post(f"/runs/{run.pk}/standards").status_code == 404


def test_table_has_a_line_for_every_answer(client: Client, run: Run) -> None:
    given(client, run)
    found = rows(client, run)
    phases = {row["phase"] for row in found}
    assert len(found) == len(phases) * (1 + 3)
    assert {row["unit"] for row in found} == {"%", "wt%", "counts"}
    for row in found:
        assert float(row["lower"]) <= float(row["value"]) <= float(row["upper"])
        assert bool(row["standards_sha256"]) == (row["unit"] == "wt%")


def test_table_carries_no_formula_into_a_spreadsheet(client: Client, run: Run) -> None:
    given(client, run, name='=HYPERLINK("x").csv')
    cells = [cell for row in rows(client, run) for cell in row.values()]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(answers.FORMULA)]


def test_an_older_run_says_why_it_has_no_phases(client: Client, run: Run, monkeypatch) -> None:
    tables = stores.of_run(run).attributes["tables"]
    monkeypatch.setitem(
        stores.of_run(run).attributes, "tables", [t for t in tables if t != "answers"]
    )
    assert "made before phases were told apart" in client.get(f"/runs/{run.pk}/").content.decode()


@pytest.fixture
def stepped(member: User) -> Run:
    """A map with one boundary down its middle, 4 µm wide from 10 to 90 %, at 0.5 µm a pixel."""
    x = np.arange(128) + 0.5
    sigma = 8 / FROM_10_TO_90
    rise = 20 + 400 / (1 + np.exp(-1.702 * (x - 64) / sigma))
    truth = np.broadcast_to(rise, (3, 96, 128)).astype(np.float32)
    rng = np.random.default_rng(0)
    specimen = measure_truth(draw_specimen().channels, truth, factor=4, rng=rng)
    return finished_run(member, specimen=specimen, samples=8)


def test_profile_tells_the_width_of_the_boundary_under_it(client: Client, stepped: Run) -> None:
    answer = client.get(f"/runs/{stepped.pk}/profile?channel=0&from=40,44&to=40,84").json()
    words = answer["words"]
    assert words.startswith("From 10 to 90 % of the step in ")
    width = float(words.split(" in ")[1].split(" µm")[0])
    assert width == pytest.approx(4.0, rel=0.2)
    assert "broadening" in words
    assert answer["data"]


def test_what_has_no_width_is_told_so(stepped: Run) -> None:
    store = stores.of_run(stepped)

    def words(start: tuple[float, float], end: tuple[float, float]) -> str:
        return boundaries.width_words(store, 0, start, end)

    assert words((20, 64), (70, 64)) == boundaries.NO_STEP
    assert "takes a line of 6 to 512 pixels" in words((20, 62), (20, 66))
    assert "leaves what was measured" in words((90, 80), (90, 120))
