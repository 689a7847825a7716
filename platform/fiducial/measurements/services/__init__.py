"""Changing projects and measurements: each call checks, writes in one transaction, or refuses."""

from .arriving import refuse_without_room, taken
from .corrections import correct
from .ingesting import ingest, ingest_next
from .projects import create_project
from .removal import delete
from .standards import attach_standards, detach_standards
from .sweeping import sweep
from .taking import Source, take
from .uploads import complete, create_upload, missing_parts, part_size, receive_part

__all__ = [
    "Source",
    "attach_standards",
    "complete",
    "correct",
    "create_project",
    "create_upload",
    "delete",
    "detach_standards",
    "ingest",
    "ingest_next",
    "missing_parts",
    "part_size",
    "receive_part",
    "refuse_without_room",
    "sweep",
    "take",
    "taken",
]
