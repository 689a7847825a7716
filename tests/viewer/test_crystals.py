"""The page of a run on a rocking curve, and its report."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.reports import crystals as claims
from fiducial.reports import services
from fiducial.runs.models import Run
from fiducial.viewer import crystal_figures, stores
from tests.factories.crystal_runs import SIDE, finished_curve
from tests.factories.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(settings: Settings, tmp_path: Path, client: Client) -> User:
    settings.STORE = tmp_path / "store"
    found = person()
    client.force_login(found)
    return found


@pytest.fixture
def run(member: User) -> Run:
    return finished_curve(member)


def test_the_page_says_the_verdict_and_explains_its_numbers(client: Client, run: Run) -> None:
    page = client.get(f"/runs/{run.pk}/").content.decode()
    for sentence in run.summary["verdict"]:
        assert escape(sentence) in page
    for word in ("starts-agree", "phase-transfer", "crystal-misfit", "crystal-support"):
        assert f'popovertarget="define-{word}' in page


def test_three_slices_lie_side_by_side_and_phases_only_in_the_crystal(run: Run) -> None:
    store = stores.of_run(run)
    for name in crystal_figures.PICTURES:
        assert crystal_figures.beside(store, name).shape == (SIDE, 3 * SIDE, 4)
    shown = crystal_figures.beside(store, "phase")[..., 3] > 0
    middle = SIDE // 2
    np.testing.assert_array_equal(shown[:, :SIDE], crystal_figures.there(store)[middle])
    lines = crystal_figures.course(store)["data"]
    assert [line["name"] for line in lines] == ["start 1", "start 2"]


def test_a_report_claims_what_starts_share(run: Run, member: User) -> None:
    folder = services.folder(services.freeze(run=run, by=member))
    text = (folder / "report.html").read_text()
    assert "Grain 7, its crystal" in text
    for title in ("amplitude that starts share", "misfit R", "frequency (1/voxel)"):
        assert f">{title}</text>" in text
    found = json.loads((folder / "claims.json").read_text())
    assert [claim["about"] for claim in found] == ["fit", "shape and strain", "detail"]
    assert (folder / "course.csv").read_text().startswith("start,look,misfit")


def test_starts_that_differ_carry_no_claim(run: Run) -> None:
    assert all(claim.stands for claim in claims.of_summary(run.summary))
    torn = run.summary | {"agreement": {"least": 0.6, "period_px": None}}
    assert [claim.stands for claim in claims.of_summary(torn)] == [True, False, False]
