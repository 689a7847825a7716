"""How many requests were answered and how fast, summed over all processes of the web server."""

import os

from django.conf import settings

FOLDER = settings.HOME / "metrics"
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER)  # read when prometheus_client is imported

from prometheus_client import CollectorRegistry, Histogram, values  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

from . import slots  # noqa: E402

_slot = slots.take(FOLDER)
values.ValueClass = values.MultiProcessValue(lambda: _slot)

_SECONDS = Histogram(
    "fiducial_request_seconds",
    "Seconds until a request was answered, by its route.",
    ("method", "route", "status"),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.6, 1.2, 2.5, 5, 10, 30),
    registry=None,
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    _SECONDS.labels(method, route, status).observe(seconds)


def register(registry: CollectorRegistry) -> None:
    """Add the requests of all processes to `registry`."""
    MultiProcessCollector(registry, str(FOLDER))
