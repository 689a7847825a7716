"""A link opens one version of one report, for as long as it lasts, and nothing else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fiducial.accounts.models import Membership, User
from fiducial.errors import Refused
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.review import services
from fiducial.review.models import Decision, Link
from fiducial.trail.models import Entry
from tests.factories.finished_runs import finished_run
from tests.review.conftest import colleague, link_for, signed_in

PAGES = ("", "download", "review/")


def make(client: Client, report: Report, **said: str):
    said = {"whom": "referee 2", "days": "7", "may_decide": "yes", **said}
    return client.post(f"/reports/{report.pk}/links/", said)


def test_link_is_told_once_and_only_its_hash_is_kept(report: Report, member: User) -> None:
    text = make(signed_in(member), report).content.decode()
    token = text.partition("/review/")[2].partition("/")[0]
    link = Link.objects.get()
    assert link.token_hash == Link.hashed(token)
    assert len(token) >= 43
    assert token not in str(Link.objects.values())
    assert token not in signed_in(member).get(f"/reports/{report.pk}/").content.decode()
    entry = Entry.objects.get(action="review.link")
    assert entry.reason == "for referee 2, may decide, for 7 days"


def test_link_opens_report_downloads_and_review_and_each_opening_is_counted(
    report: Report,
) -> None:
    link, token = link_for(report)
    client = Client()
    text = client.get(f"/review/{token}/").content.decode()
    assert "You read this by a link made for referee 2" in text
    assert report.content_hash in text
    assert f"/reports/{report.pk}" not in text
    for page in PAGES:
        answer = client.get(f"/review/{token}/{page}")
        assert answer.status_code == 200, page
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
    link.refresh_from_db()
    assert link.openings == 4
    assert link.opened is not None
    assert Entry.objects.filter(action="review.opened", by_name="referee 2 (by link)").count() == 4


def test_link_opens_nothing_else(report: Report) -> None:
    _, token = link_for(report)
    client = Client()
    client.get(f"/review/{token}/")
    for closed in (f"/reports/{report.pk}/", f"/reports/{report.pk}/review/", "/projects/"):
        assert client.get(closed).status_code == 302, closed
    for method in (f"/reports/{report.pk}/links/", f"/reports/{report.pk}/decide/"):
        assert client.post(method).status_code == 302, method
    other = reports.freeze(run=report.run, by=report.frozen_by, title="Version two")
    assert "Version two" not in client.get(f"/review/{token}/").content.decode()
    assert other.content_hash not in client.get(f"/review/{token}/").content.decode()


def test_unknown_link_answers_like_a_missing_page(report: Report) -> None:
    link, _ = link_for(report)
    for wrong in ("x" * 43, link.token_hash):
        for page in PAGES:
            assert Client().get(f"/review/{wrong}/{page}").status_code == 404


def test_revoked_and_expired_links_say_that_they_are_closed(report: Report, member: User) -> None:
    revoked, first = link_for(report)
    expired, second = link_for(report, days=7)
    client = signed_in(member)
    answer = client.post(f"/reports/{report.pk}/links/{revoked.pk}/revoke/")
    assert "revoked" in answer.content.decode()
    Link.objects.filter(pk=expired.pk).update(expires=timezone.now() - timedelta(seconds=1))
    for token, words in ((first, "was revoked on"), (second, "expired on")):
        for page in PAGES:
            answer = Client().get(f"/review/{token}/{page}")
            assert answer.status_code == 410
            assert words in answer.content.decode()
        assert Client().post(f"/review/{token}/decide/", {"verdict": "accept"}).status_code == 410
    assert not Decision.objects.exists()
    assert Entry.objects.filter(action="review.revoked").count() == 1


def test_link_without_end_lasts_until_it_is_revoked(report: Report, member: User) -> None:
    make(signed_in(member), report, days="until-revoked")
    link = Link.objects.get()
    assert link.expires is None
    assert link.is_open(timezone.now() + timedelta(days=10_000))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"whom": " "}, "Say for whom the link is"),
        ({"whom": "x" * 81}, "has 81 characters"),
        ({"days": "8"}, "A link lasts 7, 30, 90 days"),
        ({"days": "soon"}, "A link lasts 7, 30, 90 days"),
        ({"days": ""}, "A link lasts 7, 30, 90 days"),
    ],
)
def test_link_that_cannot_be_made_is_refused(
    report: Report, member: User, said: dict[str, str], sentence: str
) -> None:
    assert sentence in make(signed_in(member), report, **said).content.decode()
    assert not Link.objects.exists()


def test_reviewers_see_and_make_no_links(report: Report, reviewer: User) -> None:
    client = signed_in(reviewer)
    assert "Readers without an account" not in client.get(f"/reports/{report.pk}/").content.decode()
    make(client, report)
    assert not Link.objects.exists()
    link, _ = link_for(report)
    client.post(f"/reports/{report.pk}/links/{link.pk}/revoke/")
    link.refresh_from_db()
    assert link.revoked is None
    with pytest.raises(Refused, match="Only owners and members"):
        services.revoke(link=link, by=reviewer)


def test_link_of_another_report_is_not_revoked_from_this_one(report: Report, member: User) -> None:
    other = reports.freeze(run=report.run, by=member)
    link, _ = link_for(other)
    answer = signed_in(member).post(f"/reports/{report.pk}/links/{link.pk}/revoke/")
    assert answer.status_code == 404


def test_strangers_get_404_for_everything_of_a_review(report: Report) -> None:
    stranger = signed_in(colleague(_elsewhere(report), "sten", Membership.Role.OWNER))
    assert stranger.get(f"/reports/{report.pk}/review/").status_code == 404
    for page in ("decisions.json", "crate.zip"):
        assert stranger.get(f"/reports/{report.pk}/{page}").status_code == 404, page
    for page in ("review/1/", "decide/", "links/", "links/1/revoke/"):
        assert stranger.post(f"/reports/{report.pk}/{page}").status_code == 404, page


def test_guest_decides_on_the_page_of_the_link(report: Report) -> None:
    _, token = link_for(report)
    client, said = Client(), {"verdict": "reject", "remark": "", "name": "Ida", "affiliation": "B"}
    answer = client.post(f"/review/{token}/decide/", said)
    assert "Say why in the remark" in answer.content.decode()
    assert 'value="Ida"' in answer.content.decode()
    answer = client.post(f"/review/{token}/decide/", said | {"remark": "Not in the counts."})
    assert answer["Location"] == f"/review/{token}/"
    assert "Not in the counts." in client.get(f"/review/{token}/").content.decode()


def test_reader_by_link_may_not_decide(report: Report) -> None:
    _, token = link_for(report, may_decide=False)
    client = Client()
    assert "for reading only" in client.get(f"/review/{token}/review/").content.decode()
    said = {"verdict": "accept", "name": "Ida", "affiliation": "Bergen"}
    assert "for reading only" in client.post(f"/review/{token}/decide/", said).content.decode()
    assert not Decision.objects.exists()


def _elsewhere(report: Report) -> Report:
    run = finished_run()
    return Report(run=run, version=1, frozen_by=run.submitted_by)
