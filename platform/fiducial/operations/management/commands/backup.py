"""`manage.py backup FOLDER`: everything the portal holds, while it runs."""

import signal
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fiducial.errors import Refused
from fiducial.operations.backup import backup
from workers.store import Unreachable


class Command(BaseCommand):
    help = "Write rows and files to a new folder, with the hash of each. The portal may run on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="does not exist yet")

    def handle(self, *, folder: Path, **options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing half-made is left
        try:
            number = backup(folder.resolve())
        except (Refused, Unreachable) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{number} files in {folder}, each with its hash in manifest.json.")
