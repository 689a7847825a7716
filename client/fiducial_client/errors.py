"""What can go wrong between a program and a portal; each message is a sentence for a person."""

from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """The portal understood and declined.

    `status` is that of HTTP, `kind` the name of the fault ("duplicate", "bad-parameters" …), and
    `problem` the whole answer (RFC 9457).
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or f"The portal answered with status {status}."))
        self.status = status
        self.kind = str(problem.get("type", "")).rpartition(":")[2]
        self.problem = dict(problem)


class Unreachable(Exception):
    """No answer came, however often it was tried."""
