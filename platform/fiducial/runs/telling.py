"""Telling people by mail that a run of theirs has ended, where they had gone away meanwhile."""

from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse

from fiducial.accounts import letters, permissions
from workers.recipes.catalogue import RECIPES

from . import words
from .models import Run

LONG_SECONDS = 600.0  # since it was queued; who waited less is still looking


def tell(key: UUID) -> None:
    """Write the letter about a run that has just ended, in the transaction of its end."""
    run = Run.objects.select_related("measurement", "lab", "submitted_by").get(pk=key)
    user = run.submitted_by
    seconds = (run.finished - run.created).total_seconds()
    may_see = user.is_active and permissions.may(user, permissions.SEE, run.lab)
    if not user.told_of_runs or not may_see or seconds < LONG_SECONDS:
        return
    recipe = RECIPES.get(run.recipe)
    context = {
        "run": run,
        "recipe": recipe.title if recipe else run.recipe,
        "took": words.duration(seconds),
        "long": words.duration(LONG_SECONDS),
        "page": letters.address(run.get_absolute_url()),
        "account": letters.address(reverse("accounts:account")),
    }
    verdict = "Finished" if run.state == Run.State.SUCCEEDED else "Failed"
    letters.write(
        to=user.email,
        subject=f"{verdict}: {context['recipe']}, {run.measurement}",
        text=render_to_string("runs/ended.txt", context),
    )
