"""`manage.py restore FOLDER`: a backup into an empty portal."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fiducial.errors import Refused
from fiducial.operations.backup import missing, restore
from workers.store import Unreachable


class Command(BaseCommand):
    help = "Check every file of a backup, then fill this portal, which must be empty, with it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="as written by backup")

    def handle(self, *, folder: Path, **options: Any) -> None:
        try:
            number = restore(folder.resolve())
            gone = missing(folder.resolve())
        except (Refused, Unreachable) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{number} files were right and are restored. Passwords are as they were; "
            "everybody signs in again."
        )
        if gone:
            self.stderr.write(
                f"{len(gone)} arrays of the backup are not in the bucket any more; the first is "
                f"{gone[0]}. The pages that show them will say so."
            )
