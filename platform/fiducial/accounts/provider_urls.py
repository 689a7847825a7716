"""Where people leave for an identity provider and come back; allauth's views, under its names."""

from collections.abc import Callable
from functools import wraps

from allauth.socialaccount.providers.openid_connect import views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from requests import RequestException

View = Callable[..., HttpResponse]


def told_when_away(view: View) -> View:
    """Say so where the provider cannot be reached; allauth itself would break."""

    @wraps(view)
    def answer(request: HttpRequest, provider_id: str) -> HttpResponse:
        try:
            return view(request, provider_id)
        except RequestException:
            return render(request, "socialaccount/authentication_error.html", status=502)

    return answer


urlpatterns = [
    path("login/", told_when_away(views.login), name="openid_connect_login"),
    path("login/callback/", told_when_away(views.callback), name="openid_connect_callback"),
]
