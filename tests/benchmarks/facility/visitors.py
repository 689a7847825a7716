"""What one visitor of the load test does, for locust: follows a run, and looks around.

It knows nothing of the portal but addresses: SCENE names the file with them, FIGURES the one to
write.
"""

import json
import os
import random
from itertools import cycle
from pathlib import Path
from time import monotonic
from typing import Any

from locust import FastHttpUser, constant_pacing, events, task

FOLLOW_SECONDS, LOOK_SECONDS = 3.0, 10.0
_everybody = cycle(json.loads(Path(os.environ["SCENE"]).read_text()))
_broken: list[str] = []  # answers that say a fault of the server, and none at all


class Visitor(FastHttpUser):
    """Asks how far its run is every three seconds, and opens a page or a tile every ten."""

    wait_time = constant_pacing(FOLLOW_SECONDS)

    def on_start(self) -> None:
        self.me = next(_everybody)
        self.headers = {"Cookie": f"sessionid={self.me['session']}", "Accept-Encoding": "gzip"}
        self.looks = monotonic() + random.uniform(0, LOOK_SECONDS)
        self.has: dict[str, str] = {}  # address -> what a browser keeps of it

    @task
    def visit(self) -> None:
        """One turn."""
        self.ask(self.me["follows"], "follow")
        if monotonic() >= self.looks:
            self.looks += LOOK_SECONDS
            kind = random.choice(("page", "tile"))
            self.ask(random.choice(self.me[f"{kind}s"]), kind)

    def ask(self, address: str, kind: str) -> None:
        """Have one thing served; a page is only well if it is whole, or still as the browser has
        it.
        """
        known = {"If-None-Match": self.has[address]} if address in self.has else {}
        with self.client.get(
            address,
            headers=self.headers | known,
            name=kind,
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            if mark := answer.headers.get("ETag"):
                self.has[address] = mark
            if answer.status_code not in ((200, 304) if known else (200,)):
                answer.failure(f"{answer.status_code} {address}")
            if answer.status_code >= 500 or not answer.status_code:
                _broken.append(f"{answer.status_code} {address}")


@events.quitting.add_listener
def write(environment: Any, **_: Any) -> None:
    """Keep what was measured since everybody had come."""
    figures: dict[str, Any] = {"errors_5xx": len(_broken), "broken": _broken[:10]}
    for kind in ("follow", "page", "tile"):
        entry = environment.stats.get(kind, "GET")
        figures |= {
            f"{kind}_p95_ms": entry.get_response_time_percentile(0.95),
            f"{kind}_median_ms": entry.get_response_time_percentile(0.5),
            f"{kind}_asked": entry.num_requests,
            f"{kind}_failed": entry.num_failures,
        }
    Path(os.environ["FIGURES"]).write_text(json.dumps(figures))
