"""Opening a project in a lab."""

from django.db import transaction

from fiducial.accounts import permissions
from fiducial.accounts.models import Lab, User
from fiducial.errors import Refused
from fiducial.trail.services import record

from ..models import Project


@transaction.atomic
def create_project(*, lab: Lab, user: User, name: str) -> Project:
    """Open a project. Refused when the name is empty or taken in that lab, or for reviewers."""
    permissions.require(user, permissions.WORK, lab)
    name = name.strip()
    if not name or len(name) > 120:
        raise Refused("Give the project a name of 1 to 120 characters.")
    if lab.projects.filter(name__iexact=name).exists():
        raise Refused(f"{lab} has a project called “{name}” already; choose another name.")
    project = Project.objects.create(lab=lab, name=name)
    record("project.opened", by=user, lab=lab, subject=project)
    return project
