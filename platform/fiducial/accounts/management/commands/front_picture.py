"""Paint the picture of the front page from a finished run of a specimen that may be shown."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from fiducial.accounts import picture
from fiducial.runs.models import Run
from fiducial.viewer import stores


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="the run's id")
        parser.add_argument("channel", help="an element of the run")
        parser.add_argument("caption", help="one sentence: which specimen, how measured, by whom")
        parser.add_argument(
            "--window",
            nargs=4,
            type=int,
            default=[268, 72, 160, 200],
            metavar=("ROW", "COLUMN", "HEIGHT", "WIDTH"),
            help="in pixels of the estimate",
        )

    def handle(self, **options: object) -> None:
        run = Run.objects.filter(pk=options["run"], state=Run.State.SUCCEEDED).first()
        if run is None:
            raise CommandError("There is no finished run of that id.")
        store = stores.of_run(run)
        if options["channel"] not in store.channels:
            raise CommandError(f"Choose one of {', '.join(store.channels)}.")
        channel = store.channels.index(options["channel"])
        window = picture.Window(*options["window"])
        picture.paint(store, channel, window, options["caption"], picture.FOLDER)
