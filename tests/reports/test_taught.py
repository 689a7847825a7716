"""A report of what a taught network answered names the calibration that was withdrawn for it."""

from django.conf import settings
from django.utils import timezone

from fiducial.reports import document, kinds
from tests.factories.finished_runs import finished_run
from workers.store import RunStore

DIGEST = "ab" * 32


def written(network: bool) -> str:
    run = finished_run()
    store = RunStore(settings.STORE / run.store_path)
    if network:
        store.summary["network"] = {"name": "Our olivine", "sha256": DIGEST}
    facts = {"title": "T", "version": 1, "sealed": timezone.now(), "run_hash": "0"}
    content = kinds.of(run).content(run, store)
    context = document.gather(content, run, store, by=run.submitted_by, **facts)
    return document.rendered(context, None)


def test_a_withdrawn_calibration_guarantees_nothing_and_is_named(db):
    text = written(network=True)
    assert "Nothing. The estimate is by “Our olivine”, a network that the lab taught." in text
    assert "so it was withdrawn" in text
    assert DIGEST in text
    assert "it was calibrated on, the 90 %" not in text


def test_a_run_of_the_network_that_ships_keeps_its_guarantee(db):
    text = written(network=False)
    assert "it was calibrated on, the 90 %" in text
    assert "withdrawn" not in text
