"""A blind review: who is still to decide learns nothing of the others, wherever they look."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fiducial.accounts.models import Membership, User
from fiducial.accounts.permissions import NotAllowed
from fiducial.errors import Refused
from fiducial.reports.models import Report
from fiducial.review import asking, services
from fiducial.review.models import ReviewRequest
from fiducial.review.visitors import Visitor
from fiducial.trail.models import Entry
from tests.review.conftest import colleague, guest, link_for, signed_in

REMARK = "The rim is a scan line."
NAME = "Rita Moss"


@pytest.fixture
def owner(report: Report) -> User:
    return colleague(report, "olga", Membership.Role.OWNER)


@pytest.fixture
def rita(report: Report, owner: User, reviewer: User) -> User:
    """Has marked and decided in a review that `reviewer`, too, was asked for blindly."""
    found = colleague(report, "rita", Membership.Role.REVIEWER)
    found.first_name, found.last_name = NAME.split()
    found.save()
    due = timezone.now().date() + timedelta(days=7)
    for whom in ("rolf", "rita"):
        asking.ask(report=report, by=owner, reviewer=whom, due=due, blind=True)
    visitor = Visitor(report, user=found)
    services.mark(visitor=visitor, number=1, verdict="supported", remark=REMARK)
    services.decide(visitor=visitor, verdict="reject", remark=REMARK)
    return found


def told(client: Client, *addresses: str) -> str:
    return " ".join(
        client.get(one, follow=True).getvalue().decode(errors="replace") for one in addresses
    )


def pages(report: Report) -> list[str]:
    lab = report.run.measurement.project.lab_id
    own = [f"/reports/{report.pk}/{part}" for part in ("", "review/", "decisions.json")]
    return [*own, f"/labs/{lab}/reviews/", "/trail/", "/", f"/verify/?hash={report.content_hash}"]


def test_an_undecided_reviewer_reads_nothing_of_others_anywhere(report, reviewer, rita):
    client = signed_in(reviewer)
    text = told(client, *pages(report), f"/reports/{report.pk}/crate.zip")
    for secret in (NAME, REMARK, "rita"):
        assert secret not in text
    assert "This review is blind" in text
    assert "1 blind review on which you have not decided is left out" in text
    marked = client.post(f"/reports/{report.pk}/review/1/", {"verdict": "cannot-tell"})
    assert NAME not in marked.content.decode()


def test_the_decision_opens_everything(report, reviewer, rita):
    services.decide(visitor=Visitor(report, user=reviewer), verdict="accept")
    text = told(signed_in(reviewer), *pages(report))
    assert NAME in text
    assert REMARK in text
    assert "This review is blind:" not in text


def test_owners_who_may_still_decide_do_not_read_it_in_the_trail(report, owner, rita):
    client = signed_in(owner)
    trail = told(client, "/trail/")
    assert "asked for a review of the report" in trail
    assert "is left out until you have" in trail
    assert REMARK not in trail
    assert REMARK not in told(client, f"/labs/{report.run.measurement.project.lab_id}/reviews/")
    services.decide(visitor=Visitor(report, user=owner), verdict="accept")
    assert REMARK in told(client, "/trail/")


def test_the_one_who_froze_it_and_viewers_see_everything(report, member, rita):
    viewer = colleague(report, "vera", Membership.Role.VIEWER)
    for user in (member, viewer):
        assert REMARK in told(signed_in(user), f"/reports/{report.pk}/")


def test_outsiders_are_told_once_all_who_were_asked_have_decided(report, reviewer, rita, client):
    address = f"/verify/?hash={report.content_hash}"
    _, token = link_for(report, may_decide=False)
    by_link = f"/review/{token}/"
    for page in (address, by_link):
        text = told(client, page)
        assert "A blind review is under way" in text
        assert NAME not in text
    services.decide(visitor=Visitor(report, user=reviewer), verdict="accept")
    for page in (address, by_link):
        assert NAME in told(client, page)


def test_a_request_that_is_withdrawn_is_waited_for_no_more(report, owner, reviewer, rita, client):
    asking.withdraw(request=ReviewRequest.objects.get(reviewer=reviewer), by=owner)
    assert NAME in told(client, f"/verify/?hash={report.content_hash}")


def test_an_owner_ends_it_with_a_reason_that_everybody_reads(report, owner, reviewer, rita):
    address = f"/reports/{report.pk}/unblind/"
    with pytest.raises(NotAllowed, match="Only owners"):
        services.lift_blindness(report=report, by=reviewer, reason="I would like to know.")
    empty = signed_in(owner).post(address, {"reason": ""}).content.decode()
    assert "Say why" in empty
    assert REMARK not in told(signed_in(reviewer), *pages(report))

    why = "Both asked to compare notes."
    answer = signed_in(owner).post(address, {"reason": why}).content.decode()
    assert "olga ended that" in answer
    for user in (owner, reviewer):
        text = told(signed_in(user), *pages(report))
        assert REMARK in text
        assert why in text
    entry = Entry.objects.get(action="review.unblinded")
    assert (entry.by_name, entry.subject_id, entry.reason) == ("olga", str(report.pk), why)
    with pytest.raises(Refused, match="is not blind"):
        services.lift_blindness(report=report, by=owner, reason=why)


def test_a_blind_link_is_ended_too(report, owner, client):
    visitor = guest(report, blind=True)
    services.lift_blindness(report=report, by=owner, reason="It was a mistake.")
    assert "This review is blind" not in told(client, visitor.address("review"))
    link_for(report, blind=True)
    with pytest.raises(Refused, match="401 characters; at most 400"):
        services.lift_blindness(report=report, by=owner, reason="w" * 401)


def test_a_guest_who_was_asked_blindly_learns_of_others_once_decided(report, reviewer, client):
    services.decide(visitor=Visitor(report, user=reviewer), verdict="reject", remark=REMARK)
    visitor = guest(report, blind=True)
    address = visitor.address("review")
    assert "This review is blind" in told(client, address)
    assert REMARK not in told(client, address, visitor.address("report"))
    assert REMARK not in told(client, f"/verify/?hash={report.content_hash}")
    services.decide(visitor=visitor, verdict="accept", name="Ida", affiliation="Museum")
    assert REMARK in told(client, address)
    assert "rolf" in told(client, f"/verify/?hash={report.content_hash}")


def test_only_who_decides_can_be_blind(report):
    with pytest.raises(Refused, match="let the link decide"):
        link_for(report, may_decide=False, blind=True)


def test_it_is_chosen_when_somebody_is_asked_and_said_on_the_page(report, owner, reviewer):
    client = signed_in(owner)
    due = (timezone.now().date() + timedelta(days=7)).isoformat()
    asked = {"reviewer": "rolf", "due": due, "blind": "yes"}
    page = client.post(f"/reports/{report.pk}/requests/", asked).content.decode()
    assert "The review of this version is blind" in page
    assert ReviewRequest.objects.get().blind
    links = client.post(
        f"/reports/{report.pk}/links/",
        {"whom": "referee 2", "days": "30", "may_decide": "yes", "blind": "yes"},
    )
    assert "May decide, blind" in links.content.decode()
