"""What the demo's result pages must contain, asked for as a browser would, through the link."""

import html
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import numpy as np

from fiducial.errors import Refused
from fiducial.runs.models import Run

from . import services

# The page must hold each of these, whatever the run found.
PARTS = {
    "the two linked maps": 'id="map-estimate"',
    "the features table": "answers-table",
    "the Reveal button": "data-reveal",
    "the downloads": "Export",
}


class Visitor:
    """A browser without scripts: it keeps its cookies and follows redirects."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._cookies = CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self._cookies)
        self._opener = urllib.request.build_opener(handler)

    def get(self, path: str) -> bytes:
        """The body at `path`; Refused, with a sentence, when the portal answers with an error."""
        return self._open(path, None)

    def post(self, path: str, fields: list[tuple[str, str]]) -> bytes:
        """The body after a form was sent to `path` with the page's own token."""
        token = next(cookie.value for cookie in self._cookies if cookie.name == "csrftoken")
        form = [*fields, ("csrfmiddlewaretoken", token or "")]
        return self._open(path, urllib.parse.urlencode(form).encode())

    def _open(self, path: str, body: bytes | None) -> bytes:
        address = urllib.parse.urljoin(self._address, path)
        request = urllib.request.Request(address, body, {"Referer": address})
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(f"The portal answered {address} with status {error.code}.") from error


def check_run(address: str, link: str, run: Run) -> list[str]:
    """Ask for everything a finished demo run's page must offer; returns what was seen, in words.

    Refused with a sentence at the first thing that is missing.
    """
    visitor = Visitor(address)
    page = html.unescape(visitor.get(link).decode())
    _must("the run's name, so the link led elsewhere", run.measurement.name in page)
    for part, mark in PARTS.items():
        _must(part, mark in page)
    for sentence in (*run.summary["verdict"], run.summary["equal_time"]):
        _must(f"the sentence “{sentence}”", sentence in page)
    config = _config(page)
    shares = [_finite_share(visitor, config, name) for name in ("measured", "estimate")]
    features = json.loads(visitor.get(config["features"]))["features"]
    _must("five features to mark", len(features) >= services.FIVE)
    revealed = _reveal(visitor, run, features)
    return [
        f"{len(run.summary['verdict'])} sentences of the verdict and the equal-time rival",
        f"tiles of {config['shape'][0]} × {config['shape'][1]} pixels, {min(shares):.0%} finite",
        f"{len(features)} features listed, {revealed} rows judged by the slow scan",
    ]


def check_link_is_spent(address: str, link: str) -> None:
    """Refused when a one-time link lets a second visitor in."""
    page = Visitor(address).get(link).decode()
    _must("the sign-in form where a spent link is used again", 'name="password"' in page)


def _config(page: str) -> dict:
    found = re.search(r'<script id="viewer-config" type="application/json">(.*?)</script>', page)
    _must("the viewer's configuration", found is not None)
    return json.loads(found[1])


def _finite_share(visitor: Visitor, config: dict, image: str) -> float:
    """The share of finite values in the first tile of `image`; unmeasured pixels are not."""
    address = config["tile"].format(image=image, channel=0, level=0, row=0, column=0)
    values = np.frombuffer(visitor.get(address), "<f4")
    share = float(np.isfinite(values).mean()) if values.size else 0.0
    _must(f"finite numbers in the picture “{image}”", share > 0.99 and np.nanmax(values) > 0)
    return share


def _reveal(visitor: Visitor, run: Run, features: list[dict]) -> int:
    marks = [("mark", "{channel},{y},{x}".format(**each)) for each in features[: services.FIVE]]
    page = visitor.post(f"/runs/{run.pk}/reveal/", marks).decode()
    rows = len(re.findall(r"<tr data-channel=", page))
    _must("the table of the slow scan after Reveal", rows >= 3 * services.FIVE)
    config = re.search(r'<script id="reveal-config" type="application/json">(.*?)</script>', page)
    address = json.loads(config[1])["tile"].format(channel=0, level=0, row=0, column=0)
    values = np.frombuffer(visitor.get(address), "<f4")
    _must("finite numbers in the slow scan", bool(np.isfinite(values).all()) and values.max() > 0)
    return rows


def _must(what: str, held: bool) -> None:
    if not held:
        raise Refused(f"The result page lacks {what}.")
