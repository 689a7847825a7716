"""Who and what a demo starts with: one person per role, a lab, a project. Kept between starts."""

import json
import secrets

from django.conf import settings
from django.db import transaction

from fiducial.accounts import services as accounts
from fiducial.accounts.models import Lab, Membership, User
from fiducial.measurements import services as measurements
from fiducial.measurements.models import Project

LAB, PROJECT = "Demo lab", "Chondrule of a meteorite"
ROLES = {
    "member": "uploads maps, runs recipes, freezes reports",
    "operator": "watches queue and workers, and owns the lab",
    "reviewer": "reads everything in the lab, changes nothing",
}


def passwords() -> dict[str, str]:
    """The password of each role, made once and kept in HOME, readable by its owner only."""
    kept = settings.HOME / "demo" / "logins.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(json.dumps({role: secrets.token_urlsafe(9) for role in ROLES}))
    return json.loads(kept.read_text())


@transaction.atomic
def assemble(logins: dict[str, str]) -> tuple[User, Project]:
    """The member and the project of the demo; whoever and whatever is missing is made."""
    people = {role: _person(role, password) for role, password in logins.items()}
    lab = Lab.objects.filter(name=LAB).first()
    if lab is None:
        owner = people["operator"]
        lab = accounts.create_lab(name=LAB, owner=owner)
        accounts.set_role(by=owner, lab=lab, user=people["member"], role=Membership.Role.MEMBER)
        accounts.set_role(by=owner, lab=lab, user=people["reviewer"], role=Membership.Role.REVIEWER)
    project = lab.projects.filter(name=PROJECT).first()
    if project is None:
        project = measurements.create_project(lab=lab, user=people["member"], name=PROJECT)
    return people["member"], project


def _person(role: str, password: str) -> User:
    user = User.objects.filter(username=role).first()
    if user is None:
        user = User.objects.create_user(
            role, password=password, first_name=role, is_operator=role == "operator"
        )
    return user
