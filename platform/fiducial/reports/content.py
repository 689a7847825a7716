"""What a kind of run puts into its report, beside what every report holds."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Content:
    """Its part of the page (`template` and `context`) and the `files` sealed beside the page."""

    template: str
    context: dict[str, Any]
    files: dict[str, bytes]
