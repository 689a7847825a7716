"""What Prometheus is told: requests as they were counted, everything else as the rows say now."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Sum
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from fiducial.celery import QUEUES
from fiducial.measurements.models import Measurement, UploadedFile
from fiducial.runs import following
from fiducial.runs.models import Run, Worker

from . import counting


def exposition() -> bytes:
    """Everything, in Prometheus' text format."""
    registry = CollectorRegistry()
    counting.register(registry)
    registry.register(Rows())
    return generate_latest(registry)


class Rows(Collector):
    """What database and disk say at this moment: a handful of queries, whatever there is."""

    def describe(self) -> list[Metric]:
        return []  # or registering would ask the database for names

    def collect(self) -> Iterator[Metric]:
        yield _runs()
        yield _durations()
        yield from _waiting()
        yield _workers()
        yield from _bytes()


def _runs() -> Metric:
    found = GaugeMetricFamily("fiducial_runs", "Runs there are.", labels=("recipe", "state"))
    for recipe, state, number in Run.objects.values_list("recipe", "state").annotate(Count("pk")):
        found.add_metric((recipe, state), number)
    return found


def _durations() -> Metric:
    found = SummaryMetricFamily(
        "fiducial_run_seconds",
        "Seconds that the last attempt of ended runs took.",
        labels=("recipe", "state"),
    )
    took = ExpressionWrapper(F("finished") - F("started"), output_field=DurationField())
    ended = Run.objects.filter(started__isnull=False, finished__isnull=False)
    rows = ended.values_list("recipe", "state").annotate(Count("pk"), seconds=Sum(took))
    for recipe, state, number, seconds in rows:
        found.add_metric((recipe, state), number, seconds.total_seconds())
    return found


def _waiting() -> Iterator[Metric]:
    could_start = Run.objects.filter(following.READY, state=Run.State.QUEUED)
    queued = could_start.aggregate(oldest=Min("created"))
    unread = Measurement.objects.filter(state=Measurement.State.QUARANTINED)
    oldest = unread.aggregate(oldest=Min("state_since"))
    for what, since in (("run", queued["oldest"]), ("upload", oldest["oldest"])):
        seconds = (timezone.now() - since).total_seconds() if since else 0.0
        yield GaugeMetricFamily(
            f"fiducial_oldest_waiting_{what}_seconds",
            f"How long the oldest waiting {what} has waited; 0 when none waits.",
            value=max(seconds, 0.0),
        )


def _workers() -> Metric:
    found = GaugeMetricFamily(
        "fiducial_workers", "Workers that gave a sign of life within a lease.", labels=("queue",)
    )
    recently = Now() - timedelta(seconds=settings.LEASE_SECONDS)
    alive = Worker.objects.filter(seen__gt=recently).values_list("queues", flat=True)
    serving = Counter(queue for queues in alive for queue in queues)
    for queue in QUEUES:
        found.add_metric((queue,), serving[queue])
    return found


def _bytes() -> Iterator[Metric]:
    uploaded = UploadedFile.objects.filter(complete=True).aggregate(sum=Sum("size"))["sum"]
    yield GaugeMetricFamily(
        "fiducial_uploaded_bytes", "Bytes of the files people sent.", value=uploaded or 0
    )
    settings.STORE.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(settings.STORE)
    yield GaugeMetricFamily(
        "fiducial_store_disk_used_bytes", "Bytes used on the disk of the store.", value=disk.used
    )
    yield GaugeMetricFamily(
        "fiducial_store_disk_free_bytes", "Bytes free on the disk of the store.", value=disk.free
    )
