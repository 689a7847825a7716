"""docs/example_client.md runs as it stands, against a portal with a reader and a worker."""

import re
import threading
from time import monotonic, sleep

from django.conf import settings
from django.db import connection
from django.utils import timezone

from fiducial.measurements import tasks
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from tests.data import ROOT
from tests.factories import run_store
from workers.store import RunStore

SPECIMEN = run_store.draw_specimen(channels=("Si", "Fe"))
PATIENCE_SECONDS = 60


def bring_to_ready_and_succeeded() -> None:
    """Read the upload with the real reader, then publish a drawn result for the run."""
    try:
        _until(lambda: Measurement.objects.filter(state="quarantined").exists())
        tasks.ingest()
        _until(lambda: Run.objects.filter(state="queued").exists())
        run = Run.objects.get()
        run.store_path = f"runs/{run.pk}/1.zarr"
        path = settings.STORE / run.store_path
        path.parent.mkdir(parents=True)
        run_store.write_run(path, SPECIMEN, samples=2)
        run.summary, run.state = RunStore(path).summary, Run.State.SUCCEEDED
        run.finished = timezone.now()
        run.save()
    finally:
        connection.close()


def _until(there) -> None:
    end = monotonic() + PATIENCE_SECONDS
    while not there() and monotonic() < end:
        sleep(0.05)


def test_the_example_of_the_docs_runs(access, project, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chondrule").mkdir()
    for element, values in zip(SPECIMEN.channels, SPECIMEN.counts, strict=True):
        rows = ("\t".join(f"{value:.0f}" for value in row) for row in values)
        (tmp_path / "chondrule" / f"{element}.txt").write_text("\n".join(rows) + "\n")
    page = (ROOT / "docs/example_client.md").read_text()
    program = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))

    thread = threading.Thread(target=bring_to_ready_and_succeeded)
    thread.start()
    exec(compile(program, "example_client.md", "exec"), {})
    thread.join()

    printed = capsys.readouterr().out
    assert "100%" in printed
    assert "['Fe', 'Si'] [24, 32]" in printed
    assert Run.objects.get().reports.get().content_hash in printed
    assert len(list((tmp_path / "results").glob("*.zip"))) == 2
