"""Looking at a lab with the eyes of somebody who may do less: held in the session, read-only.

While it lasts, `permissions` answers as for a person who has that role in that one lab and belongs
to no other.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fiducial.api.faults import KINDS, problem
from fiducial.errors import Refused

from . import permissions
from .models import Lab, Preview, Role

KEY = "preview"
OFFERED = (Role.REVIEWER, Role.VIEWER)
READING = ("GET", "HEAD", "OPTIONS")


def begin(*, request: HttpRequest, lab: Lab, role: str) -> None:
    """Show `lab` as `role` sees it from now on. Refused for those who may not work in it."""
    permissions.require(request.user, permissions.WORK, lab)
    if role not in OFFERED:
        raise Refused(f"You can look as a {' or a '.join(OFFERED)} does, not as “{role}”.")
    request.session[KEY] = {"lab": lab.pk, "role": role}


def end(*, request: HttpRequest) -> None:
    """Be oneself again."""
    request.session.pop(KEY, None)


class Middleware:
    """Tells `request.user` through which role it looks, and refuses what would change something."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        held = request.session.get(KEY)
        if held and request.user.is_authenticated:
            lab = Lab.objects.filter(pk=held["lab"]).first()
            if lab is None:
                end(request=request)
            else:
                request.user.preview = Preview(lab, Role(held["role"]))
                if request.method not in READING and request.path != reverse("accounts:back"):
                    return _refusal(request, request.user.preview)
        return self._respond(request)


def _refusal(request: HttpRequest, preview: Preview) -> HttpResponse:
    sentence = f"Nothing changes while you look as a {preview.role}. Go back to yourself first."
    if request.path.startswith("/api/"):
        return problem(KINDS[permissions.NotAllowed], sentence)
    return render(request, "accounts/read_only.html", {"sentence": sentence}, status=403)
