"""Which thing of a lab a route is asked about, and what must be sent to be let in.

A new route usually needs nothing here: `pk` is the thing behind the first word of its address.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from fiducial.viewer import figures

from .routes import Route
from .things import Things

Number = Callable[[str], Any]  # the primary key of a thing, by its kind
MISSING = 2_000_000_000  # no row has this number

# The thing behind the first word of an address.
OF_WORD = {
    "labs": "lab",
    "projects": "project",
    "measurements": "measurement",
    "runs": "run",
    "reports": "report",
    "models": "model",
    "audit-windows": "placement",
    "rescans": "rescan",
    "account": "passkey",
    "tokens": "token",
}
LEADING = re.compile("^/(api/v1|operate|you)(?=/)")  # said before that word
# Where a route needs one in another state.
OF_ROUTE = {
    "measurements:upload-state": "upload",
    "measurements:upload-part": "upload",
    "measurements:upload-complete": "upload",
    "api-1:get_upload": "upload",
    "api-1:put_part": "upload",
    "api-1:complete_upload": "upload",
    "viewer:run-preview-picture": "running",
    "live:scan": "live",
    "live:progress": "live",
    "live:picture": "live",
    "live:close": "live",
    "live:preview": "live",
    "api-1:get_live_scan": "live",
    "api-1:send_frames": "live",
    "api-1:close_live_scan": "live",
    "api-1:start_preview": "live",
    "measurements:frame": "scan",
    "measurements:event": "events",
    "viewer:run-unit": "units",
    "viewer:run-event": "showers",
    "viewer:run-events": "showers",
    "viewer:run-frame": "units",
    "viewer:run-units": "units",
    "viewer:run-object": "object",
    "viewer:run-frames": "object",
    "demo:slow-tile": "revealed",
    "learning:curve": "lesson",
    "learning:keep": "lesson",
    "api-1:keep_model": "lesson",
}
# Parameters that name a thing beside `pk`; (route, parameter) where only one route means it so.
NAMED: dict[str | tuple[str, str], str] = {
    "file_pk": "file",
    "file": "file",
    "user_pk": "person",
    "link": "link",
    "asked": "asked",
    "lab": "lab",
    "person": "person",
    ("api-1:announce_rescan", "number"): "placement",
    ("api-1:get_stage_list", "number"): "placement",
    ("api-1:get_project", "number"): "project",
    ("api-1:open_live_scan", "number"): "project",
}
# What every other parameter is.
PLAIN: dict[str | tuple[str, str], Any] = {
    "number": 0,
    "revision": 1,
    "image": "measured",
    "channel": 0,
    "level": 0,
    "row": 0,
    "column": 0,
    "kind": "text",
    "action": "cancel",
    "name": next(iter(figures.OF_SUMMARY)),
    "token": "spent",
    "key": "unknown",
    "uidb36": "0",
    "provider_id": "unknown",
    ("viewer:run-preview-picture", "image"): "estimate",
    ("viewer:run-object", "image"): "estimate",
    ("viewer:run-events", "kind"): "events",
    ("viewer:run-preview-picture", "token"): 1,
}
QUERIES = {"viewer:run-profile": "?channel=0&from=1,2&to=3,4"}
FILES = [{"path": "Fe.txt", "size": 3}]
# What is sent with a POST or a PUT; where it would cost much, something that is refused for itself.
BODIES: dict[str, Callable[[Number], dict[str, Any]]] = {
    "accounts:lab": lambda number: {"username": "newcomer", "role": "viewer"},
    "accounts:member": lambda number: {"role": "reviewer"},
    "accounts:view-as": lambda number: {"role": "viewer"},
    "measurements:projects": lambda number: {"lab": number("lab"), "name": "New"},
    "measurements:upload-create": lambda number: {"files": FILES},
    "viewer:run-standards": lambda number: {"counts": ""},
    "reports:freeze": lambda number: {"title": "t" * 300},
    "learning:keep": lambda number: {"name": "n" * 100},
    "review:ask": lambda number: {"reviewer": "nobody", "due": "2027-01-01"},
    "review:unblind": lambda number: {"reason": ""},
    "audits:choose": lambda number: {"count": "0"},
    "audits:announce": lambda number: {"files": FILES},
    "api-1:announce_upload": lambda number: {"project": number("project"), "files": FILES},
    "api-1:submit_run": lambda number: {"measurement": str(number("measurement")), "seed": -1},
    "api-1:announce_rescan": lambda number: {"files": FILES},
    "api-1:open_project": lambda number: {"lab": number("lab"), "name": "New"},
    "api-1:remove_person": lambda number: {"role": "reviewer"},
    "api-1:remove_standards": lambda number: {"table": ""},
    "api-1:keep_model": lambda number: {"name": "n" * 100},
    "api-1:open_live_scan": lambda number: {"frames": 4, "side": 32, "preview": False},
    "api-1:ask_for_review": lambda number: {"reviewer": "nobody", "due": "2027-01-01"},
    "api-1:end_blind_review": lambda number: {"reason": ""},
    "api-1:freeze_report": lambda number: {"title": "t" * 300},
}


@dataclass(frozen=True)
class Request:
    """One request: its address, what is sent, and whether either names a thing of a lab."""

    address: str
    body: dict[str, Any]
    is_json: bool
    names: bool


def request(method: str, route: Route, things: Things, *, missing: bool = False) -> Request:
    """`method` on the thing of `things` that `route` is about, or on one that nobody has."""
    named = []

    def number(kind: str) -> Any:
        named.append(kind)
        key = things.made[kind].pk
        if not missing:
            return key
        return uuid.uuid4() if isinstance(key, uuid.UUID) else MISSING

    values = {name: _value(route, name, number) for name in route.parameters}
    body = BODIES.get(route.view, _nothing)(number) if method in ("POST", "PUT") else {}
    address = reverse(route.view, kwargs=values)
    if method == "GET":
        address += QUERIES.get(route.view, "")
    is_json = route.path.startswith("/api/") or "files" in body
    return Request(address, body, is_json, bool(named))


def _value(route: Route, name: str, number: Number) -> Any:
    kind = NAMED.get((route.view, name), NAMED.get(name))
    if name == "pk":
        word = LEADING.sub("", route.path).split("/")[1]
        kind = OF_ROUTE.get(route.view) or OF_WORD[word]
    if kind is not None:
        return number(kind)
    return PLAIN.get((route.view, name), PLAIN[name])


def _nothing(number: Number) -> dict[str, Any]:
    return {}
