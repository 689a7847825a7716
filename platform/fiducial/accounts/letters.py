"""Mails that tell somebody of something: written with the event, sent when the mail server likes.

A letter is a row in the transaction of what it tells of, so neither is kept without the other. The
workers' parents carry letters, one at a time; a mail server that is down costs no run anything.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.utils import timezone

from .mailing import may_mail
from .models import Letter

MAX_ATTEMPTS = 12  # with the pauses below, for about a day and a half
LONGEST_PAUSE = timedelta(hours=12)
KEPT = timedelta(days=30)  # after it was sent

log = logging.getLogger(__name__)


def address(path: str) -> str:
    """The address of a page of this portal, for a mail."""
    return settings.ADDRESS + path


def write(*, to: str, subject: str, text: str, due: datetime | None = None) -> Letter | None:
    """Put a letter into the outbox, to be sent from `due` on (None: now).

    None is kept where the portal has no mail server, or the person no address.
    """
    if not may_mail() or not to:
        return None
    one_line = " ".join(subject.split())[: Letter._meta.get_field("subject").max_length]
    return Letter.objects.create(to=to, subject=one_line, text=text, due=due or timezone.now())


def take_back(keys: Collection[int | None]) -> None:
    """Send these letters no more, if they were not sent yet."""
    Letter.objects.filter(pk__in=keys, sent=None).delete()


def take() -> Letter | None:
    """Take the next letter that is due; nobody else takes it until its next try is due."""
    waiting = Letter.objects.filter(
        sent=None, due__lte=timezone.now(), attempts__lt=MAX_ATTEMPTS
    ).order_by("due")
    for letter in waiting[:10]:
        pause = min(timedelta(minutes=2**letter.attempts), LONGEST_PAUSE)
        mine = Letter.objects.filter(pk=letter.pk, sent=None, attempts=letter.attempts)
        if mine.update(attempts=F("attempts") + 1, due=timezone.now() + pause):
            letter.attempts += 1
            return letter
    return None


def deliver(letter: Letter) -> bool:
    """Hand a letter to the mail server; False when it did not take it. Asks no database."""
    try:
        send_mail(letter.subject, letter.text, None, [letter.to])
    except Exception as failure:  # whatever is wrong with one letter, others follow
        last = letter.attempts >= MAX_ATTEMPTS
        say = log.error if last else log.warning
        say("Letter %s was not taken (try %s): %s", letter.pk, letter.attempts, failure)
        return False
    return True


def note_sent(letter: Letter) -> None:
    """Keep that it was sent."""
    Letter.objects.filter(pk=letter.pk).update(sent=timezone.now())


def forget() -> None:
    """Remove what was sent long ago."""
    Letter.objects.filter(sent__lt=timezone.now() - KEPT).delete()
