"""How the portal logs: lines for people, or JSON lines for a facility's collector.

Every line carries the request or the run it belongs to. Addresses are never logged, only their
routes: the text in an address may sign somebody in.
"""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest

request_id: ContextVar[str] = ContextVar("request_id", default="")
run_id: ContextVar[str] = ContextVar("run_id", default="")

UNMATCHED = "(no such page)"


@contextmanager
def of_run(run: object) -> Iterator[None]:
    """Inside, every line says that it belongs to the run with this id."""
    token = run_id.set(str(run))
    try:
        yield
    finally:
        run_id.reset(token)


def route(request: HttpRequest) -> str:
    """The pattern that `request` was matched by ("once/<str:token>/"), never its address."""
    match = request.resolver_match
    return match.route if match else UNMATCHED


class WithoutAddresses(logging.Filter):
    """Puts the route for the address into what Django says about a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            name = route(request)
            record.args = tuple(name if word == request.path else word for word in record.args)
        return True


class Plain(logging.Formatter):
    """A line for people: time, level, where, what, and the facts that belong to it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        said = "".join(f" {key}={value}" for key, value in _facts(record).items())
        return super().formatMessage(record) + said


class Json(logging.Formatter):
    """One JSON object a line; `time` is UTC."""

    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configuration(formatter: type[logging.Formatter]) -> dict[str, Any]:
    """Django's LOGGING: everything to stderr, formatted so; libraries speak when they warn."""
    ours = {"level": "INFO", "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"addresses": {"()": WithoutAddresses}},
        "formatters": {"lines": {"()": formatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": ["addresses"],
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": dict.fromkeys(("fiducial", "django", "celery", "gunicorn.error"), ours)
        | {"django.request": {"level": "ERROR"}},  # every request has its line already
    }


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    """What belongs to the line: `extra={"facts": …, "run": …}`, its request and its run."""
    found = {"request": request_id.get(), "run": str(getattr(record, "run", "") or run_id.get())}
    return getattr(record, "facts", {}) | {key: value for key, value in found.items() if value}
