"""`manage.py retention --preview` or `--apply`: let go what the rules say."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.template.defaultfilters import filesizeformat

from fiducial.operations import retention


class Command(BaseCommand):
    help = (
        "Show or remove unfinished uploads older than FIDUCIAL_KEEP_UNFINISHED_DAYS and results "
        "older than FIDUCIAL_KEEP_RESULTS_DAYS that nothing stands on (0: kept for ever)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--preview", action="store_true", help="only say what would go")
        how.add_argument("--apply", action="store_true", help="remove it")

    def handle(self, *, apply: bool, **options: Any) -> None:
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
        self.stdout.write(
            f"{'Removed' if apply else 'Would remove'} {number} with {filesizeformat(total)}. "
            f"Kept: results {_days(settings.KEEP_RESULTS_DAYS)}, "
            f"unfinished uploads {_days(settings.KEEP_UNFINISHED_DAYS)}."
        )


def _days(days: float) -> str:
    return f"{days:g} days" if days else "for ever"
