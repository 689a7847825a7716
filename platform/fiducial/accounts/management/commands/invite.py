"""Make an account, and a lab where needed, and print the link that lets its owner in once.

python manage.py invite olga --lab "Mineral Physics" --role owner
python manage.py invite otto --operator
"""

from argparse import ArgumentParser

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from fiducial.accounts import services
from fiducial.accounts.models import Membership
from fiducial.errors import Refused


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument("--lab", default="", help="opened when there is none of that name")
        parser.add_argument("--role", choices=Membership.Role.values, default="owner")
        parser.add_argument("--operator", action="store_true", help="runs workers and queue")
        parser.add_argument("--days", type=int, default=7, help="how long the link lasts")

    def handle(self, **options: object) -> None:
        try:
            user = services.appoint(
                username=options["username"],
                email=options["email"],
                lab_name=options["lab"],
                role=options["role"],
                operator=options["operator"],
            )
            link = services.one_time_link(
                user=user,
                next_url=reverse("accounts:account"),
                minutes=options["days"] * 24 * 60,
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages)) from fault
        self.stdout.write(f"Put the portal's address before this link; it works once:\n{link}")
