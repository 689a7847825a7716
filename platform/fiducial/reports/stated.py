"""A claim of a report that is a sentence, not a place on a map."""

from dataclasses import dataclass
from typing import Any

Shown = tuple[str, str, str]  # word of the glossary, its label, the number in words


@dataclass(frozen=True)
class Claim:
    """One sentence; `stands` : whether the run's own evidence carries it, `because` : why."""

    about: str
    sentence: str
    stands: bool
    because: str
    shown: tuple[Shown, ...]
    evidence: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The claim as `claims.json` keeps it."""
        return {
            "about": self.about,
            "sentence": self.sentence,
            "trusted": self.stands,
            "because": self.because,
            "evidence": self.evidence,
        }
