from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):
    """Accounts are made by a lab or an operator; strangers cannot make their own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
