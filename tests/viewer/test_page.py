import html
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from fiducial.viewer import page, stores
from fiducial.viewer.views import finished_run as view
from tests.factories.finished_runs import finished_run
from tests.factories.run_store import draw_specimen


def shown(run: Run, user: User) -> HttpResponse:
    request = RequestFactory().get(f"/runs/{run.pk}/")
    request.user, request.resolver_match = user, None
    return view(request, run)


def config(text: str) -> dict:
    found = re.search(r'<script id="viewer-config" type="application/json">(.*?)</script>', text)
    return json.loads(found[1])


def test_page_says_what_the_run_found_before_it_shows_it(run: Run, member: User) -> None:
    text = html.unescape(shown(run, member).content.decode())
    places = [text.index(sentence) for sentence in run.summary["verdict"]]
    assert places == sorted(places)
    assert text.index(run.summary["equal_time"]) < text.index('id="map-measured"')
    for overlay in ("none", "invented", "risk", "interval"):
        assert f'name="overlay" value="{overlay}"' in text
    assert text.index('id="map-measured"') < text.index('id="map-estimate"')


def test_page_tells_the_canvas_one_scale_per_element(run: Run, member: User) -> None:
    told = config(shown(run, member).content.decode())
    assert [element["name"] for element in told["elements"]] == ["Si", "Fe", "Ca"]
    estimate = stores.of_run(run).image("estimate")
    for index, element in enumerate(told["elements"]):
        assert element["low"] == 0 or element["low"] > 0.5 * element["high"]
        assert element["low"] < element["high"] <= estimate[index].max()
        assert element["tau"] == run.summary["per_channel"][element["name"]]["tau"]
    assert told["images"]["measured"] == {"shape": [24, 32], "levels": 1}
    assert told["images"]["guide"]["shape"] == [24, 32]
    assert told["tile"].startswith(f"/runs/{run.pk}/tile/{{image}}/{{channel}}/{{level}}/")


def test_finer_electron_image_is_told_with_its_own_shape(client: Client, member: User) -> None:
    drawn = draw_specimen()
    specimen = replace(drawn, guide=drawn.truth.mean(0).repeat(2, 0).repeat(2, 1))
    run = finished_run(member, specimen=specimen)
    told = config(shown(run, member).content.decode())
    assert told["images"]["guide"] == {"shape": [192, 256], "levels": 1}
    tile = client.get(f"/runs/{run.pk}/tile/guide/0/0/0/0")
    assert tile.headers["X-Tile-Shape"] == "192,256"
    values = np.frombuffer(tile.content, "<f4").reshape(192, 256)
    fine = drawn.mask.repeat(8, 0).repeat(8, 1)
    np.testing.assert_array_equal(~np.isnan(values), fine)
    np.testing.assert_array_equal(values[fine], specimen.guide[fine])


def test_page_runs_no_inline_script(run: Run, member: User) -> None:
    text = shown(run, member).content.decode()
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert "src=" in attributes or 'type="application/json"' in attributes, body
    assert not re.search(r"\son\w+=", text)


def test_denoised_map_is_called_so(member: User) -> None:
    run = finished_run(member, specimen=draw_specimen(factor=1, shape=(64, 64)), name="Strip")
    text = shown(run, member).content.decode()
    assert "Strip, denoised" in text
    assert "64 × 64 pixels from" not in text


def test_suspicious_operator_is_a_warning_beside_its_chart(run: Run, member: User) -> None:
    text = shown(run, member).content.decode()
    assert 'data-tone="good"' in text
    assert html.escape(run.summary["operator_check"]["sentence"]) in text


def test_lost_files_are_told_in_a_sentence(member: User) -> None:
    run = finished_run(member)
    shutil.rmtree(settings.STORE / run.store_path)
    answer = shown(run, member)
    assert answer.status_code == 410
    assert "restore the folder" in answer.content.decode()


def test_measurement_without_electron_image_has_no_swipe(run: Run, member: User) -> None:
    shutil.rmtree(settings.STORE / run.measurement.store_path)
    assert 'name="swipe"' not in shown(run, member).content.decode()


def test_only_the_riskiest_and_safest_of_many_features_are_listed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores.of_run(run)
    whole = page.features(store)
    monkeypatch.setattr(page, "PER_ELEMENT", 4)
    few = page.features(store)
    for channel in range(3):
        own = [each for each in whole if each["channel"] == channel]
        assert [each for each in few if each["channel"] == channel] == own[:2] + own[-2:]


def test_facts_are_written_as_a_person_would() -> None:
    lines = page.facts({"factor": 4, "noise": {"Si": {"variance_factor": 1.0}}, "seed": None})
    assert lines == [
        ("factor", "4"),
        ("noise · Si · variance factor", "1"),
        ("seed", "not stated"),
    ]
