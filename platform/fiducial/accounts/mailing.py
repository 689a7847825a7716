"""Mailing an invitation, where the portal has a mail server."""

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from fiducial.errors import Refused

from .models import Membership, User
from .permissions import ROLE_WORDS, Role


def may_mail() -> bool:
    """Whether the portal has a mail server."""
    return bool(settings.EMAIL_HOST)


def mail_invitation(*, membership: Membership, by: User, link: str) -> None:
    """Send the person of `membership` the `link` that lets them in (an absolute address).

    Refused when the mail server does not take it: the link is good all the same.
    """
    role = Role(membership.role)
    words = {"membership": membership, "by": by, "link": link, "role": role}
    text = render_to_string("accounts/invitation.txt", words | {"words": ROLE_WORDS[role]})
    subject = " ".join(f"{by} invites you to {membership.lab}".split())
    try:
        send_mail(subject, text, None, [membership.user.email])
    except (OSError, SMTPException) as failure:
        raise Refused(
            f"The invitation could not be mailed to {membership.user.email}: {failure}. "
            "Hand the link over yourself."
        ) from failure
