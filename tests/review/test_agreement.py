"""Agreement is counted over what both marked, with its interval, and kappa only where it says
something."""

import uuid

import pytest

from fiducial.accounts.models import Membership, User
from fiducial.audits.models import Audit
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.review import agreeing, agreement, details, services
from fiducial.review.agreement import Said, Share
from fiducial.review.details import Detail
from fiducial.review.visitors import Visitor
from fiducial.runs.models import Run
from tests.factories import audits
from tests.factories.people import person
from tests.review.conftest import colleague, signed_in

REPORT = uuid.uuid4()
YES, NO, UNSURE = "supported", "not-supported", "cannot-tell"


def said(name: str, *verdicts: str) -> Said:
    of = {(REPORT, n): verdict for n, verdict in enumerate(verdicts, 1) if verdict}
    return Said(name, of)


def test_share_has_the_interval_of_wilson() -> None:
    # Brown, Cai & DasGupta 2001: 8 of 10 lies in 0.490 to 0.943; 0 of 10 up to 0.278.
    assert (Share(8, 10).low, Share(8, 10).high) == pytest.approx((0.490, 0.943), abs=0.001)
    assert (Share(0, 10).low, Share(0, 10).high) == pytest.approx((0.0, 0.278), abs=0.001)
    assert Share(1, 1).low == pytest.approx(0.207, abs=0.001)
    assert Share(1, 1).high == 1


def test_kappa_is_that_of_the_textbook() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: 0.7 observed, 0.5 by chance.
    both = [(YES, YES)] * 20 + [(YES, NO)] * 5 + [(NO, YES)] * 10 + [(NO, NO)] * 15
    assert agreement.kappa(both) == pytest.approx(0.4)


def test_kappa_is_left_out_where_it_says_nothing() -> None:
    assert agreement.kappa([(YES, YES), (NO, NO)] * 4) is None
    assert agreement.kappa([(YES, YES), (NO, NO)] * 5) == 1
    assert agreement.kappa([(YES, YES)] * 20) is None


def test_pairs_are_counted_over_what_both_marked() -> None:
    one, other, apart = said("a", YES, NO, YES), said("b", YES, YES, ""), said("c", "", "", "", NO)
    (pair,) = agreement.pairs([one, other, apart])
    assert pair.names == ("a", "b")
    assert (pair.same.hits, pair.same.count, pair.kappa) == (1, 2, None)


def test_reviewers_are_right_where_what_they_support_is_there() -> None:
    truth = {(REPORT, 1): True, (REPORT, 2): False, (REPORT, 3): True}
    found = agreement.against(
        [said("a", YES, YES, UNSURE, NO), said("b", UNSURE), said("c", "", "", "", YES)], truth
    )
    assert [(one.name, one.right, one.unsure) for one in found] == [
        ("a", Share(1, 2), 1),
        ("b", None, 1),
    ]


def test_newest_mark_is_the_one_that_counts(report: Report, reviewer: User) -> None:
    owner = colleague(report, "olga", Membership.Role.OWNER)
    mark(report, reviewer, NO)
    mark(report, owner, YES)
    mark(report, reviewer, YES)
    (pair,) = agreeing.of_report(report)["pairs"]
    assert pair.names == ("rolf", "olga")
    assert (pair.same.hits, pair.same.count) == (1, 1)
    text = signed_in(owner).get(f"/reports/{report.pk}/review/").content.decode()
    assert "1 of 1" in text
    assert "No audit window covers a feature" in text


def test_marks_are_held_against_what_windows_showed(member: User) -> None:
    run = audits.audited_run(member)
    report = reports.freeze(run=run, by=member)
    audits.judged(run.measurement.placements.get())
    found = details.of(report)
    windows_looked_for(run, [(found[0], True), (found[3], False)])
    assert agreeing.truth([report]) == {(report.pk, 1): False, (report.pk, 4): True}

    reviewer = colleague(report, "rolf", Membership.Role.REVIEWER)
    mark(report, reviewer, YES, 1)
    mark(report, reviewer, YES, 2)
    mark(report, reviewer, YES, 4)
    (versus,) = agreeing.of_report(report)["versus"]
    assert (versus.name, versus.right, versus.unsure) == ("rolf", Share(1, 2), 0)
    text = signed_in(reviewer).get(f"/reports/{report.pk}/review/").content.decode()
    assert "Of 2 features that windows measured again" in text
    assert f"A feature of {found[0].claim.element} at row {found[0].claim.y}" in text


def windows_looked_for(run: Run, judged: list[tuple[Detail, bool]]) -> None:
    """Windows looked for these details, and each was absent or not (where they fall is chance)."""
    audit = Audit.objects.get(run=run)
    audit.result["features"]["each"] = [
        {"element": one.claim.element, "y": one.claim.y, "x": one.claim.x}
        | {"risk": one.claim.risk, "absent": absent}
        for one, absent in judged
    ]
    audit.save()


def test_page_of_a_lab_pools_its_reports(report: Report, reviewer: User, member: User) -> None:
    again = reports.freeze(run=report.run, by=member)
    owner = colleague(report, "olga", Membership.Role.OWNER)
    for one in (report, again):
        mark(one, reviewer, YES)
        mark(one, owner, NO)
    services.decide(visitor=Visitor(report, user=owner), verdict="accept")
    lab = report.run.measurement.project.lab
    text = signed_in(member).get(f"/labs/{lab.pk}/reviews/").content.decode()
    assert "0 of 2" in text
    assert str(report) in text
    assert signed_in(person()).get(f"/labs/{lab.pk}/reviews/").status_code == 404


def test_page_of_a_lab_asks_the_database_as_often_for_many_reports(
    report: Report, reviewer: User, member: User, django_assert_num_queries
) -> None:
    lab = report.run.measurement.project.lab
    mark(report, reviewer, YES)
    client = signed_in(member)
    for _ in range(2):
        with django_assert_num_queries(8):
            client.get(f"/labs/{lab.pk}/reviews/")
        more = reports.freeze(run=report.run, by=member)
        mark(more, reviewer, NO)
        services.decide(visitor=Visitor(more, user=reviewer), verdict="accept")


def mark(report: Report, user: User, verdict: str, number: int = 1) -> None:
    services.mark(visitor=Visitor(report, user=user), number=number, verdict=verdict)
