"""What is found on the way from a file to a scan: problems, open questions, the convention."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.measurement import Problem, Severity


@dataclass
class Heard:
    """`told` is what a person answered; `where` names the file in every sentence."""

    where: str
    told: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    convention: dict[str, Any] = field(default_factory=dict)

    def say(self, severity: Severity, what: str, do: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(severity, self.where, what, do))

    def ask(self, fact: str, what: str, do: str) -> None:
        """Ask for a fact; where a person answered it already, only warn that the data disagree."""
        if self.told.get(fact) in (None, ""):
            self.open.append(fact)
            self.say("question", what, do)
        else:
            self.say("warning", what, "You decided it below; look at the result with this in mind.")
