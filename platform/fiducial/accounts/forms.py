"""Forms of people and labs."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms

from .mailing import may_mail
from .models import Membership
from .permissions import ROLE_WORDS


class SignInForm(LoginForm):
    """allauth's form in our words: labels instead of placeholders that vanish."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Username or e-mail"
        self.fields["remember"].label = "Stay signed in"
        for name in ("login", "password"):
            self.fields[name].widget.attrs.pop("placeholder", None)


class InviteForm(forms.Form):
    """Whom to let into a lab, and as what."""

    username = forms.CharField(max_length=150, help_text="How they sign in; letters and digits.")
    email = forms.EmailField(required=False, label="E-mail")
    role = forms.ChoiceField(
        choices=[(role, f"{role.label}: {words}") for role, words in ROLE_WORDS.items()],
        initial=Membership.Role.MEMBER,
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if may_mail():
            self.fields["email"].help_text = "A new person is mailed the link that lets them in."
