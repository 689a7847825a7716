"""A run on units of a movie becomes a report: frozen, read by a reviewer, checked, and kept."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from fiducial.accounts.models import Membership, User
from fiducial.errors import Refused
from fiducial.reports import document, sealing, services, units
from fiducial.reports.models import Report
from fiducial.runs.models import Run
from fiducial.viewer import stores
from tests.factories.movies import FLIPS, finished_units
from tests.factories.people import person

pytestmark = pytest.mark.django_db
BEGINS = [flip + 1 for flip in FLIPS]  # frames from 1, at which a new state begins


@pytest.fixture
def run(member: User) -> Run:
    return finished_units(member)


@pytest.fixture
def report(run: Run, member: User) -> Report:
    return services.freeze(run=run, by=member)


def page_of(report: Report) -> str:
    return (services.folder(report) / "report.html").read_text()


def test_report_says_what_the_page_of_the_run_says(report: Report, run: Run) -> None:
    text = page_of(report)
    assert report.title == "Trimer, its units"
    for sentence in run.summary["verdict"]:
        assert sentence in text
    for heading in (
        *("What this report guarantees", "What it does not cover", "What can be believed"),
        *("What cannot", "The worst failure", "States, changes and rates"),
        *("The way from state 1 to state 2", "Where units are found", "Methods", "Raw data"),
    ):
        assert re.search(rf"<h[23]>{heading}</h[23]>", text), heading
    rate = run.summary["states"]["rates"][0]
    assert f"{rate['low']:.3f} to {rate['high']:.3f}" in text
    assert f"{run.summary['noise']:.3f}; 40 of 40 units" in text
    assert "turns by 120° that leave it as it is" in text
    assert "posterior samples" not in text


def test_every_change_is_shown_as_it_was_measured(report: Report) -> None:
    changes = re.search(r'<ul class="changes">(.*?)</ul>', page_of(report), re.S)
    assert changes is not None
    shown = [int(frame) for frame in re.findall(r"frame (\d+)<br>", changes[1])]
    assert shown == [frame for begin in BEGINS for frame in (begin - 1, begin)]


def test_every_step_of_the_way_stands_above_its_nearest_real_patch(report: Report) -> None:
    steps = re.search(r'<ol class="steps">(.*?)</ol>', page_of(report), re.S)
    assert steps is not None
    assert steps[1].count("<li>") == 11
    assert steps[1].count('src="data:image/png;base64,') == 22
    assert "20.0 ?" in steps[1]


def test_figures_say_what_their_axes_are(report: Report) -> None:
    text = page_of(report)
    for title in (
        *("angle (°, modulo 120°)", "frame", "F (nats)", "share of the way (%)"),
        *("along the change (no unit)", "z1 (standard deviations)"),
    ):
        assert f">{title}</text>" in text
    assert text.count('role="img" aria-label="') >= 6
    assert "<script" not in text
    assert "<link" not in text


def test_words_of_the_report_are_explained_inside_it(report: Report) -> None:
    text = page_of(report)
    links = set(re.findall(r'class="define" href="#([^"]+)"', text))
    assert {"define-voices", "define-descriptor", "define-saddle", "define-unit-noise"} <= links
    assert links <= set(re.findall(r'<dt id="([^"]+)"', text))


def test_claims_and_all_units_are_sealed_beside_it(report: Report) -> None:
    folder = services.folder(report)
    claims = {claim["about"]: claim for claim in json.loads((folder / "claims.json").read_text())}
    assert claims["changes"]["evidence"]["found"]["changes"] == [BEGINS]
    assert claims["states"]["trusted"]
    assert not claims["way"]["trusted"]
    assert len(claims["way"]["evidence"]["steps"]["nats"]) == 11
    rows = list(csv.DictReader(io.StringIO((folder / "units.csv").read_text())))
    assert len(rows) == 40
    sealed = json.loads((folder / "manifest.json").read_text())
    assert {"claims.json", "units.csv", "report.html", "provenance.json"} <= set(sealed["files"])
    assert sealed["run"]["recipe"] == "unit-pathways"


def test_a_reviewer_reads_checks_and_takes_it(report: Report, run: Run, tmp_path: Path) -> None:
    reviewer = person()
    Membership.objects.create(user=reviewer, lab=run.measurement.project.lab, role="reviewer")
    client = Client()
    client.force_login(reviewer)
    text = client.get(f"/reports/{report.pk}/").content.decode()
    assert "Verified just now" in text
    assert "networks with as many changes" in text
    assert "still have the hash" in client.get(f"/reports/{report.pk}/check/").content.decode()
    answer = client.get(f"/reports/{report.pk}/download")
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        archive.extractall(tmp_path)
    (script,) = tmp_path.glob("*/verify.py")
    done = subprocess.run([sys.executable, script, report.content_hash], check=False)
    assert done.returncode == 0
    with pytest.raises(Refused, match="Only owners and members of"):
        services.freeze(run=run, by=reviewer)


def test_report_outlives_its_run(client: Client, report: Report, run: Run) -> None:
    before = page_of(report)
    shutil.rmtree(settings.STORE / run.store_path)
    Run.objects.filter(pk=run.pk).update(summary={}, parameters={})
    text = client.get(f"/reports/{report.pk}/").content.decode()
    assert "Verified just now" in text
    assert document.body(before) in text


def test_a_changed_table_of_units_is_found(client: Client, report: Report) -> None:
    table = services.folder(report) / "units.csv"
    table.write_text(table.read_text().replace("1,1,", "1,2,", 1))
    assert sealing.broken(services.folder(report), report.content_hash) == [
        "units.csv was changed after the report was sealed."
    ]
    assert "Not as it was sealed" in client.get(f"/reports/{report.pk}/").content.decode()


def test_unfinished_run_on_units_cannot_be_frozen(run: Run, member: User) -> None:
    run.state = Run.State.RUNNING
    with pytest.raises(Refused, match="Only a finished run can be frozen"):
        services.freeze(run=run, by=member)


def test_units_that_were_not_followed_make_a_report_without_states(run: Run, member: User) -> None:
    store = stores.of_run(run)
    silent = {"states": None, "classical": None, "path": None, "collapsed": [2], "order": 1}
    table = store.table("units") | {"state": np.full(40, -1)}
    alone = SimpleNamespace(
        summary=store.summary | silent,
        provenance=store.provenance,
        shape=store.shape,
        image=store.image,
        table=lambda name: table if name == "units" else store.table(name),
        has_table=lambda name: False,
    )
    made = document.gather(
        units.content(run, alone),
        *(run, alone),
        title="Adatoms",
        version=1,
        sealed=timezone.now(),
        by=member,
        run_hash="",
    )
    text = document.rendered(made, None)
    assert "no turn that leaves a unit as it is" in text
    assert "of which z3 hold nothing" in text
    assert "States, changes and rates" not in text
    assert "The way from" not in text
