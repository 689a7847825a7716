"""The page of a person's API tokens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from fiducial.errors import Refused

from . import queries, services
from .forms import TokenForm


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """My tokens; making one shows its secret, this once."""
    form = TokenForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = services.create_token(user=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "tokens": queries.tokens_of(request.user),
        "form": TokenForm() if secret else form,
        "secret": secret,
    }
    return render(request, "api/tokens.html", context)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my tokens."""
    token = get_object_or_404(queries.tokens_of(request.user), pk=pk)
    services.revoke_token(token=token, by=request.user)
    messages.success(request, f"“{token}” is revoked: no program gets in with it any more.")
    return redirect("tokens:tokens")
