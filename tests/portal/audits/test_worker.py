"""A real worker draws windows, finds a rescan and judges a run, without being told."""

from pathlib import Path

from tests.factories.facility import facility, wait_for

MEASURED = """
from tests.factories import audits, people
from tests.factories.finished_runs import finished_run
run = finished_run(people.person("audited"), specimen=audits.specimen())
Run.objects.filter(pk=run.pk).update(state="queued", cancel_requested=True)
answer = str(run.pk)
"""
RESCANNED = """
from fiducial.audits.models import Placement
from tests.factories import audits
Run.objects.update(state="succeeded", cancel_requested=False)
audits.rescanned(Placement.objects.exclude(windows=[]).get())
answer = None
"""


def test_a_worker_draws_and_judges_by_itself(tmp_path: Path) -> None:
    with facility(tmp_path) as made:
        made.shell(MEASURED)
        worker = made.worker()
        windows = "SELECT count(*) FROM audits_placement WHERE windows <> '[]'"
        wait_for(lambda: made.query(windows)[0][0] == 1, "windows are drawn", worker.log)
        made.shell(RESCANNED)
        judged = "SELECT count(*) FROM audits_audit WHERE state = 'done'"
        wait_for(lambda: made.query(judged)[0][0] == 1, "a run is judged", worker.log)
