"""Reading taught models; a person sees those of their labs and no others."""

from django.db.models import Case, QuerySet, When

from fiducial.accounts import permissions
from fiducial.accounts.models import Lab, User
from fiducial.runs.models import Run

from .models import TaughtModel

State = TaughtModel.State


def visible_models(user: User, verb: str = permissions.SEE) -> QuerySet[TaughtModel]:
    """The models of the labs in which `user` may do `verb` (by default: see)."""
    labs = permissions.lab_keys(user, verb)
    return TaughtModel.objects.filter(lab__in=labs).select_related("lab", "kept_by")


def models_of(lab: Lab) -> QuerySet[TaughtModel]:
    """The models of a lab: promoted ones, then candidates, then retired ones; newest first."""
    order = {State.PROMOTED: 0, State.CANDIDATE: 1, State.RETIRED: 2}
    place = Case(*(When(state=state, then=number) for state, number in order.items()))
    return lab.taught_models.select_related("kept_by").order_by(place, "-kept")


def promoted_in(lab: Lab) -> QuerySet[TaughtModel]:
    """What runs of a lab may ask instead of the network that ships."""
    return lab.taught_models.filter(state=State.PROMOTED).order_by("name")


def model_of(run: Run) -> TaughtModel | None:
    """The model that was kept of a run."""
    return TaughtModel.objects.filter(run=run).first()
