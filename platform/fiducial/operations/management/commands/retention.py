"""`manage.py retention --preview` or `--apply`: let go what the rules say."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from fiducial.operations import bucket, retention
from workers.store import Unreachable
from workers.store.places import size_of


class Command(BaseCommand):
    help = (
        "Show or remove unfinished uploads older than FIDUCIAL_KEEP_UNFINISHED_DAYS and results "
        "older than FIDUCIAL_KEEP_RESULTS_DAYS that nothing stands on (0: kept for ever); with "
        "object storage also what lies there and no row speaks of."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--preview", action="store_true", help="only say what would go")
        how.add_argument("--apply", action="store_true", help="remove it")

    def handle(self, *, apply: bool, **options: Any) -> None:
        try:
            self._go_through(apply)
        except Unreachable as away:
            raise CommandError(f"{away} Run this again: it goes on where it was.") from away

    def _go_through(self, apply: bool) -> None:
        total = number = 0
        for found in retention.due():
            size = found.bytes
            if apply and not retention.remove(found):
                continue
            total, number = total + size, number + 1
            self.stdout.write(
                f"{found.since:%Y-%m-%d}  {filesizeformat(size):>9}  {found.lab}: "
                f"{found.what}, {found.thing}, {found.thing.pk}"
            )
        for place in bucket.left_behind():
            size = size_of(place)
            if apply:
                place.remove()
            total, number = total + size, number + 1
            self.stdout.write(f"{'':10}  {filesizeformat(size):>9}  left behind: {place}")
        self.stdout.write(
            f"{'Removed' if apply else 'Would remove'} {number} with {filesizeformat(total)}. "
            f"Kept: results {_days(settings.KEEP_RESULTS_DAYS)}, "
            f"unfinished uploads {_days(settings.KEEP_UNFINISHED_DAYS)}."
        )


def _days(days: float) -> str:
    return f"{days:g} days" if days else "for ever"
