"""Taking frames: whole deliveries, each number once, whatever the order and however often sent."""

from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.measurements import folders
from fiducial.measurements.errors import DiskFull
from workers.store import StoreError
from workers.store.live import Delivery, LiveStore

from .. import bodies, numbers
from ..errors import Closed
from ..models import LiveScan


class Taken(NamedTuple):
    """What became of a delivery: frames kept, and those whose number had come before."""

    kept: int
    again: int
    received: int  # of all deliveries
    planned: int


def receive(*, scan: LiveScan, user: User, body: bytes | bytearray) -> Taken:
    """Keep the frames in `body` (see `bodies`); of a number that came before, the first stays.

    Refused (Closed, TooLarge, DiskFull, …) as a whole.
    """
    permissions.require(user, permissions.WORK, scan.measurement.project.lab)
    store = LiveStore(folders.live(scan.measurement_id))
    needs_places = not scan.measurement.summary.get("planned_places", False)
    delivery = bodies.parsed(body, store.optics, scan.planned, needs_places)
    try:
        return _counted(scan.pk, store, delivery)
    except StoreError as full:
        raise DiskFull(f"{full} Nothing of this delivery was kept; send it again.") from full


@transaction.atomic
def _counted(pk: int, store: LiveStore, delivery: Delivery) -> Taken:
    # Whoever delivers at the same time waits here, so that a number is kept once.
    scan = LiveScan.objects.select_for_update().get(pk=pk)
    if not scan.is_open:
        raise Closed("This scan is closed and takes no more frames.")
    came = numbers.flags(bytes(scan.numbers), scan.planned)
    rows = numbers.first_of_each(delivery.index, came)
    again = len(delivery.index) - len(rows)
    if rows:
        new = delivery.of(rows)
        store.add(scan.deliveries, new)
        came[new.index] = True
        scan.numbers, scan.deliveries = numbers.packed(came), scan.deliveries + 1
        scan.last = max(scan.last, int(new.index.max()))
        scan.count(len(rows), timezone.now())
    scan.again += again
    scan.save()
    return Taken(len(rows), again, scan.received, scan.planned)
