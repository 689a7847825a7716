"""Who may have an account: those a lab or an operator invited, however they sign in."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect

from .models import User

UNCLEAR = (
    "An account here names your address, but nobody has confirmed that it is yours. Sign in with "
    "your password, then connect the other service on the page of your account."
)


class ClosedSignup(DefaultAccountAdapter):
    """Accounts are made by a lab or an operator; strangers cannot make their own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class KnownPeople(DefaultSocialAccountAdapter):
    """Somebody whom an identity provider vouches for is let into the account they have here."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect a first login with the account of the same address.

        The provider must have verified the address, which an operator chose to believe; and so must
        the account, or be one that nobody but its lab has had in hands: an address can be claimed.
        """
        if sociallogin.is_existing or sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        for address in [one.email for one in sociallogin.email_addresses if one.verified]:
            owners = _owners(address)
            if len(owners) == 1:
                sociallogin.connect(request, owners[0])
                return
            if owners or _claimed(address).exists():
                messages.error(request, UNCLEAR)
                raise ImmediateHttpResponse(redirect("account_login"))


def _claimed(address: str) -> QuerySet[User]:
    """Everybody who says that this is their address."""
    mine = Q(email__iexact=address) | Q(emailaddress__email__iexact=address)
    return User.objects.filter(mine, is_active=True).distinct()


def _owners(address: str) -> list[User]:
    """Those of whom it is known: they confirmed it, or were invited by it and never came."""
    confirmed = EmailAddress.objects.filter(email__iexact=address, verified=True)
    users = set(confirmed.values_list("user", flat=True))
    return [user for user in _claimed(address) if user.is_awaited or user.pk in users]
