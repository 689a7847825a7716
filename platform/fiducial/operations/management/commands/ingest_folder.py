"""`manage.py ingest_folder`: take what instruments wrote into the watched folders."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fiducial.errors import Refused
from fiducial.operations import watched


class Command(BaseCommand):
    help = (
        "Look into every watched folder and take what stood still since an earlier look. "
        "Originals are only read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every", type=float, metavar="SECONDS", help="go on looking, so often, until stopped"
        )

    def handle(self, *, every: float | None, **options: Any) -> None:
        while True:
            try:
                for folder in watched.declared():
                    for sentence in watched.look(folder):
                        self.stdout.write(sentence)
                self.stdout.flush()
            except Refused as refusal:
                raise CommandError(str(refusal)) from refusal
            if every is None:
                return
            time.sleep(every)
