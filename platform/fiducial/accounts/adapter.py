"""Who may have an account: those a lab or an operator invited, however they sign in."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from .models import User


class ClosedSignup(DefaultAccountAdapter):
    """Accounts are made by a lab or an operator; strangers cannot make their own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class KnownPeople(DefaultSocialAccountAdapter):
    """Somebody whom an identity provider vouches for is let into the account they have here."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect a first login with the one account of the same address.

        Only an address that the provider verified counts; an operator chose to trust the provider.
        """
        if sociallogin.is_existing or sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        for address in [one.email for one in sociallogin.email_addresses if one.verified]:
            found = User.objects.filter(email__iexact=address, is_active=True)[:2]
            if len(found) > 1:
                messages.error(request, "Several accounts have your address; sign in by username.")
                raise ImmediateHttpResponse(redirect("account_login"))
            if found:
                sociallogin.connect(request, found[0])
                return
