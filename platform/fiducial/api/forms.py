"""The form that makes a token."""

from django import forms

from .models import Token
from .services import MOST_DAYS


class TokenForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="Which program or machine it is for.")
    scope = forms.ChoiceField(
        label="What it may do",
        choices=(
            (Token.Scope.READ, "Read what I can see"),
            (Token.Scope.WRITE, "Do what I can do: upload, run, freeze, change"),
        ),
    )
    days = forms.TypedChoiceField(
        label="How long it holds",
        coerce=int,
        choices=((30, "30 days"), (90, "90 days"), (MOST_DAYS, "a year")),
        initial=90,
    )
