"""The examples of the docs run as they stand, against a portal with a reader and a worker."""

import json
import re
import threading
from collections.abc import Iterator
from time import monotonic, sleep

import pytest
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


@pytest.fixture
def facility(access, project, tmp_path, monkeypatch) -> Iterator[None]:
    """Somebody's folder with a map in it, and a portal that reads and computes beside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chondrule").mkdir()
    for element, values in zip(SPECIMEN.channels, SPECIMEN.counts, strict=True):
        rows = ("\t".join(f"{value:.0f}" for value in row) for row in values)
        (tmp_path / "chondrule" / f"{element}.txt").write_text("\n".join(rows) + "\n")
    thread = threading.Thread(target=bring_to_ready_and_succeeded)
    thread.start()
    yield
    thread.join()


def test_the_example_of_the_docs_runs(facility, tmp_path, capsys):
    page = (ROOT / "docs/example_client.md").read_text()
    program = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))

    exec(compile(program, "example_client.md", "exec"), {})

    printed = capsys.readouterr().out
    assert "100%" in printed
    assert "['Fe', 'Si'] [24, 32]" in printed
    assert Run.objects.get().reports.get().content_hash in printed
    assert len(list((tmp_path / "results").glob("*.zip"))) == 2


def test_the_notebook_of_the_docs_runs_and_keeps_no_outputs(facility):
    notebook = json.loads((ROOT / "docs/example.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    known: dict[str, object] = {}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"example.ipynb, cell {number}", "exec"), known)
    shown = known["figure"]
    assert [trace.z.shape for trace in shown.data] == [SPECIMEN.truth.shape[-2:]] * 2
