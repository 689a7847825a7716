"""Forms of people and labs."""

from django import forms

from .models import Membership


class InviteForm(forms.Form):
    username = forms.CharField(max_length=150, help_text="How they sign in; letters and digits.")
    email = forms.EmailField(required=False, label="E-mail")
    role = forms.ChoiceField(
        choices=(
            (Membership.Role.MEMBER, "Member: uploads, runs, freezes reports"),
            (Membership.Role.REVIEWER, "Reviewer: reads everything and decides on reports"),
            (Membership.Role.OWNER, "Owner: a member who also says who belongs to the lab"),
        )
    )
