"""Prometheus reads what the rows say and what all web processes counted, with a token only."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from fiducial.measurements.models import Measurement
from fiducial.operations import slots
from fiducial.runs.models import Run, Worker
from tests.factories import measurements
from tests.factories.finished_runs import finished_run

from .processes import run_python

COUNT = """
import django
django.setup()
from django.test import Client
client = Client(headers={"host": "localhost"})
for _ in range(3):
    client.get("/health/live")
answer = client.get("/metrics", headers={"authorization": "Bearer hush"})
print(answer.content.decode())
"""


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = "hush"
    return {"authorization": "Bearer hush"}


def read(text: str) -> dict[tuple[str, ...], float]:
    """Every figure by its name and the values of its labels."""
    families = text_string_to_metric_families(text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def scraped(headers) -> dict[tuple[str, ...], float]:
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return read(answer.content.decode())


def test_without_a_token_in_the_settings_there_is_no_such_page():
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("said", [None, "Bearer guess", "hush", "Basic hush"])
def test_without_the_right_token_nothing_is_told(token, said):
    answer = Client().get("/metrics", headers={"authorization": said} if said else {})
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.django_db
def test_an_empty_portal_has_figures(token):
    found = scraped(token)
    assert found["fiducial_oldest_waiting_run_seconds",] == 0
    assert found["fiducial_workers", "compute"] == 0
    assert found["fiducial_store_disk_free_bytes",] > 0


@pytest.mark.django_db
def test_runs_waits_workers_and_bytes_are_what_the_rows_say(token, settings):
    settings.LEASE_SECONDS = 600.0  # longer than the test takes on a busy machine
    now = timezone.now()
    run = finished_run()
    Run.objects.filter(pk=run.pk).update(started=now - timedelta(seconds=90), finished=now)
    facts = {"measurement": run.measurement, "submitted_by": run.submitted_by}
    for state, number in ((Run.State.FAILED, 2), (Run.State.QUEUED, 1)):
        for _ in range(number):
            waiting = Run.objects.create(recipe="toy", state=state, measurement_revision=1, **facts)
    Run.objects.filter(pk=waiting.pk).update(created=now - timedelta(hours=2))
    upload = measurements.quarantined(run.measurement.project, {"Si.txt": b"1 2\n"})
    Measurement.objects.filter(pk=upload.pk).update(state_since=now - timedelta(minutes=5))
    Worker.objects.create(name="one", queues=["compute"], seen=now)
    Worker.objects.create(name="two", queues=["compute", "ingest"], seen=now)
    Worker.objects.create(name="gone", queues=["compute"], seen=now - timedelta(hours=1))

    found = scraped(token)
    assert found["fiducial_runs", "xray-ensemble", "succeeded"] == 1
    assert found["fiducial_runs", "toy", "failed"] == 2
    assert found["fiducial_run_seconds_sum", "xray-ensemble", "succeeded"] == pytest.approx(90)
    assert found["fiducial_run_seconds_count", "xray-ensemble", "succeeded"] == 1
    assert found["fiducial_oldest_waiting_run_seconds",] == pytest.approx(7200, abs=60)
    assert found["fiducial_oldest_waiting_upload_seconds",] == pytest.approx(300, abs=60)
    assert found["fiducial_workers", "compute"] == 2
    assert found["fiducial_workers", "ingest"] == 1
    assert found["fiducial_uploaded_bytes",] == 4


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_runs(token, django_assert_num_queries):
    finished_run()
    finished_run()
    with django_assert_num_queries(6):
        scraped(token)


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_status_not_by_address(token):
    before = scraped(token).get(
        ("fiducial_request_seconds_count", "GET", "once/<str:token>/", "302"), 0
    )
    for secret in ("first", "second"):
        Client().get(f"/once/{secret}/")
    Client().generic("BREW", "/once/first/")
    found = scraped(token)
    assert found["fiducial_request_seconds_count", "GET", "once/<str:token>/", "302"] == before + 2
    assert found["fiducial_request_seconds_count", "other", "once/<str:token>/", "405"] >= 1
    assert not any("first" in part for name in found for part in name)


def test_counts_are_summed_over_processes_and_go_on_after_a_restart(tmp_path):
    home = {"FIDUCIAL_METRICS_TOKEN": "hush"}
    migrated = run_python(
        "import django; django.setup()\n"
        "from django.core.management import call_command as c; c('migrate', verbosity=0)",
        tmp_path,
    )
    assert migrated.returncode == 0, migrated.stderr
    key = ("fiducial_request_seconds_count", "GET", "health/live", "200")
    assert read(run_python(COUNT, tmp_path, **home).stdout)[key] == 3
    assert read(run_python(COUNT, tmp_path, **home).stdout)[key] == 6
    first = slots.take(tmp_path / "metrics")  # we are a living process now: the next is another
    assert read(run_python(COUNT, tmp_path, **home).stdout)[key] == 9
    assert first == 0
    files = sorted(path.name for path in (tmp_path / "metrics").glob("*.db"))
    assert files == ["histogram_0.db", "histogram_1.db"]
