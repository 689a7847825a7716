"""Asking for a review by a day: who may be asked, what is mailed, when it is over."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fiducial.accounts.models import Letter, Membership, User
from fiducial.errors import Refused
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.review import asking, services
from fiducial.review.models import ReviewRequest
from fiducial.review.visitors import Visitor
from fiducial.trail.models import Entry
from tests.factories.people import person
from tests.review.conftest import colleague, signed_in

SOON = timezone.now().date() + timedelta(days=7)


@pytest.fixture(autouse=True)
def mail_server(settings):
    settings.EMAIL_HOST, settings.ADDRESS = "mail.example", "https://maps.lab.example"
    return settings


@pytest.fixture
def owner(report: Report) -> User:
    return colleague(report, "olga", Membership.Role.OWNER)


@pytest.fixture
def rolf(reviewer: User) -> User:
    User.objects.filter(pk=reviewer.pk).update(email="rolf@lab.example")
    reviewer.refresh_from_db()
    return reviewer


def ask(report: Report, owner: User, whom: str = "rolf", due: date = SOON) -> ReviewRequest:
    return asking.ask(report=report, by=owner, reviewer=whom, due=due)


@pytest.mark.parametrize("called", ["rolf", "Rolf@lab.example"])
def test_a_reviewer_is_asked_by_name_or_address_and_mailed_now_and_on_the_day(
    report, owner, rolf, called
):
    assert ask(report, owner, called).reviewer == rolf
    now, reminder = Letter.objects.order_by("due")
    assert {now.to, reminder.to} == {"rolf@lab.example"}
    assert now.subject == f"olga asks for your review: {report}"
    assert f"https://maps.lab.example/reports/{report.pk}/review/" in now.text
    assert f"by {SOON:%-d %B %Y}" in now.text
    assert reminder.due == datetime.combine(SOON, asking.REMINDED_AT)
    assert reminder.due.tzinfo is UTC or reminder.due.utcoffset() == timedelta()
    assert "only reminder" in reminder.text
    entry = Entry.objects.get(action="review.asked")
    assert (entry.by_name, entry.reason) == ("olga", f"rolf, by {SOON:%-d %B %Y}")


def test_the_decision_closes_it_and_takes_the_reminder_back(report, owner, rolf):
    ask(report, owner)
    Letter.objects.filter(due__lt=timezone.now()).update(sent=timezone.now())
    services.decide(visitor=Visitor(report, user=rolf), verdict="accept")
    assert ReviewRequest.objects.get().closed is not None
    assert not Letter.objects.filter(sent=None).exists()
    assert not asking.open_for(rolf)
    with pytest.raises(Refused, match="has decided on this version already"):
        ask(report, owner)


def test_a_withdrawn_request_reminds_nobody_and_can_be_made_again(report, owner, rolf):
    asking.withdraw(request=ask(report, owner), by=owner)
    assert not Letter.objects.filter(due__gt=timezone.now()).exists()
    assert Entry.objects.get(action="review.withdrawn").reason == "rolf"
    ask(report, owner)
    assert asking.open_for(rolf).count() == 1


@pytest.mark.parametrize(
    ("whom", "why"),
    [
        ("mara", "may not decide"),
        ("nobody", "Nobody in"),
        ("", "Nobody in"),
        ("stranger", "Nobody in"),
        ("froze", "froze this report"),
    ],
)
def test_only_somebody_who_may_decide_is_asked(report, owner, member, whom, why):
    person("stranger")
    if whom == "froze":
        Membership.objects.filter(user=member).update(role=Membership.Role.OWNER)
        whom = "mara"
    with pytest.raises(Refused, match=why):
        ask(report, owner, whom)
    assert not Letter.objects.exists()


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_the_day_lies_ahead_and_not_too_far(report, owner, rolf, days):
    with pytest.raises(Refused, match="after today, and within a year"):
        ask(report, owner, due=timezone.now().date() + timedelta(days=days))


def test_nobody_is_asked_twice_at_once_and_only_owners_ask(report, owner, rolf, member):
    ask(report, owner)
    with pytest.raises(Refused, match="has been asked already, by"):
        ask(report, owner)
    with pytest.raises(Refused, match="Only owners"):
        asking.ask(report=report, by=member, reviewer="rolf", due=SOON)


def test_a_newer_version_ends_reminders_of_the_older_one_and_says_so(report, owner, rolf):
    ask(report, owner)
    newer = reports.freeze(run=report.run, by=report.frozen_by)
    assert not Letter.objects.filter(due__gt=timezone.now()).exists()
    assert ReviewRequest.objects.get().closed is None
    front = signed_in(rolf).get("/").content.decode()
    assert f"due {SOON:%-d %B %Y}. A newer version exists." in front
    assert "A newer version exists" in review_page(report, rolf)
    page = signed_in(owner).get(f"/reports/{report.pk}/").content.decode()
    assert "a newer version exists, so they are not reminded" in page
    with pytest.raises(Refused, match="ask for a review of that one"):
        ask(report, owner)
    ask(newer, owner)
    assert Letter.objects.filter(due__gt=timezone.now()).count() == 1


def test_it_stands_on_the_report_and_first_on_the_list_of_the_reviewer(report, owner, rolf):
    page = signed_in(owner).post(
        f"/reports/{report.pk}/requests/", {"reviewer": "rolf", "due": SOON.isoformat()}
    )
    assert "Withdraw" in page.content.decode()
    front = signed_in(rolf).get("/").content.decode()
    assert f"Asked by olga; due {SOON:%-d %B %Y}." in front
    assert front.count("Zoned olivine, version 1") == 1
    assert "olga asked you to review this" in review_page(report, rolf)
    ReviewRequest.objects.update(due=timezone.now().date() - timedelta(days=1))
    assert "review is late" in signed_in(rolf).get("/").content.decode()
    assert "That day is over." in review_page(report, rolf)
    assert "asked by olga" in signed_in(rolf).get(f"/reports/{report.pk}/").content.decode()


def test_a_refusal_keeps_what_was_typed(report, owner):
    answer = signed_in(owner).post(
        f"/reports/{report.pk}/requests/", {"reviewer": "rulf", "due": "2026-13-01"}
    )
    text = answer.content.decode()
    assert "Choose the day by which" in text
    assert 'value="rulf"' in text


def test_who_may_not_ask_sees_no_form(report, member, client: Client):
    client.force_login(member)
    assert 'id="asked"' not in client.get(f"/reports/{report.pk}/").content.decode()


def review_page(report: Report, user: User) -> str:
    return signed_in(user).get(f"/reports/{report.pk}/review/").content.decode()
