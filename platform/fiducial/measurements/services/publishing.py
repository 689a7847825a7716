"""What becomes of a measurement once the reading process has answered."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from workers.store import Place
from workers.store.places import move

from .. import folders
from ..models import Measurement

State = Measurement.State
Reply = dict[str, Any]


@transaction.atomic
def publish(measurement_id: UUID, attempt: int, reply: Reply, output: Place) -> None:
    """Make `output` the next revision, or keep the reader's refusal, if the claim still holds.

    A claim is void when the measurement was deleted or claimed anew; then nothing changes. A
    refused correction leaves the revision that was readable before as it is.
    """
    row = (
        Measurement.objects.select_for_update()
        .filter(pk=measurement_id, state=State.INGESTING, ingest_attempt=attempt)
        .first()
    )
    if row is None:
        return
    if reply["state"] != "refused" and (twin := _twin(row, reply["content_hash"])):
        reply = _refused_as_copy(twin)
    if reply["state"] == "refused":
        _refuse(row, reply)
    else:
        _accept(row, reply, output)
    row.state_since = timezone.now()
    row.ingest_losses = 0
    row.save()


def _accept(row: Measurement, reply: Reply, output: Place) -> None:
    if reply["content_hash"] != row.content_hash:
        row.revision += 1
        # Only a publication that was never committed can have left something at this place.
        move(output, folders.revision(row.pk, row.revision))
        row.store_path = folders.revision_path(row.pk, row.revision)
        row.content_hash = reply["content_hash"]
    row.summary = reply["summary"]
    row.problems = reply["problems"]
    row.state = reply["state"]


def _refuse(row: Measurement, reply: Reply) -> None:
    problems = reply["problems"]
    if row.revision == 0:
        row.state, row.problems = State.REFUSED, problems
        # What the files hold may be plain although they cannot be read: the page asks accordingly.
        row.summary = {"content": reply["content"]} if "content" in reply else {}
        return
    # The revision before stays in force, so what was found in it does too; old refusals are over.
    standing = [problem for problem in row.problems if problem["severity"] != "refused"]
    row.state = State.ATTENTION if row.summary.get("open") else State.READY
    row.problems = problems + standing


def _twin(row: Measurement, content_hash: str) -> Measurement | None:
    same = Measurement.objects.filter(
        project=row.project_id, kind=row.kind, content_hash=content_hash
    )
    return same.exclude(pk=row.pk).order_by("created").first()


def _refused_as_copy(twin: Measurement) -> Reply:
    return {
        "state": "refused",
        "problems": [
            {
                "severity": "refused",
                "where": "all files",
                "what": f"The same map is in this project already, as “{twin}”.",
                "do": "Open that one, and delete this copy.",
                "measurement": str(twin.pk),
            }
        ],
    }
