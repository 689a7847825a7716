"""A decision is made by those who may, on what was sealed, signed, and never changed."""

import pytest

from fiducial.accounts.models import Membership, User
from fiducial.errors import Refused
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.review import queries, records, services
from fiducial.review.models import Decision
from fiducial.review.visitors import Visitor
from fiducial.runs.models import Run
from fiducial.trail.models import Entry
from tests.factories.people import person
from tests.review.conftest import colleague, guest


def decide(report: Report, user: User, verdict: str = "accept", remark: str = "") -> Decision:
    return services.decide(visitor=Visitor(report, user=user), verdict=verdict, remark=remark)


def test_decision_is_bound_to_the_hash_signed_and_noted(report: Report, reviewer: User) -> None:
    made = decide(report, reviewer, "reject", "  The grain is not in the counts. ")
    assert made.content_hash == report.content_hash
    assert made.remark == "The grain is not in the counts."
    assert (made.by_name, made.affiliation) == ("rolf", report.run.measurement.project.lab.name)
    (one,) = queries.standings(report)
    assert (one.counts, one.genuine) == (True, True)
    entry = Entry.objects.get(action="report.decided")
    assert (entry.by_name, entry.subject) == ("rolf", str(report))
    assert entry.reason == "rejected. The grain is not in the counts."


def test_owner_may_decide_on_what_somebody_else_froze(report: Report) -> None:
    owner = colleague(report, "olga", Membership.Role.OWNER)
    assert decide(report, owner).verdict == "accept"


def test_owner_who_froze_a_report_may_not_decide_on_it(report: Report, member: User) -> None:
    Membership.objects.filter(user=member).update(role=Membership.Role.OWNER)
    with pytest.raises(Refused, match="You froze this report, so somebody else"):
        decide(report, member)


@pytest.mark.parametrize("role", [Membership.Role.MEMBER, None])
def test_members_and_strangers_may_not_decide(report: Report, role: str | None) -> None:
    other = colleague(report, "otto", role) if role else person()
    with pytest.raises(Refused, match="Only owners and reviewers of"):
        decide(report, other)
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("verdict", "remark", "sentence"),
    [
        ("reject", " ", "Say why in the remark"),
        ("accept-with-remarks", "", "Say why in the remark"),
        ("perhaps", "so", "Choose one"),
        ("accept", "x" * 4001, "The remark has 4001 characters"),
    ],
)
def test_decision_that_says_too_little_or_too_much_is_refused(
    report: Report, reviewer: User, verdict: str, remark: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        decide(report, reviewer, verdict, remark)


def test_nobody_decides_on_files_that_are_not_as_sealed(report: Report, reviewer: User) -> None:
    claims = reports.folder(report) / "claims.json"
    claims.write_text(claims.read_text().replace("bright", "dark") + " ")
    with pytest.raises(Refused, match=r"not as it was sealed\. claims\.json was changed"):
        decide(report, reviewer)
    assert not Decision.objects.exists()
    assert not Entry.objects.filter(action="report.decided").exists()


def test_newest_decision_of_a_person_counts_and_the_older_stays(
    report: Report, reviewer: User
) -> None:
    owner = colleague(report, "olga", Membership.Role.OWNER)
    decide(report, reviewer)
    decide(report, owner)
    decide(report, reviewer, "reject", "On second thoughts.")
    said = [(s.decision.by_name, s.decision.verdict, s.counts) for s in queries.standings(report)]
    assert said == [
        ("rolf", "reject", True),
        ("olga", "accept", True),
        ("rolf", "accept", False),
    ]


def test_decision_is_never_changed_or_deleted_and_outlives_its_maker(
    report: Report, reviewer: User
) -> None:
    made = decide(report, reviewer)
    for bend in (
        made.save,
        made.delete,
        Decision.objects.all().delete,
        lambda: Decision.objects.update(verdict="reject"),
    ):
        with pytest.raises(TypeError, match="append-only"):
            bend()
    reviewer.delete()
    (one,) = queries.standings(report)
    assert (one.decision.by_name, one.counts, one.genuine) == ("rolf", True, True)


def test_row_changed_behind_our_back_no_longer_bears_its_signature(
    report: Report, reviewer: User
) -> None:
    made = decide(report, reviewer)
    Decision._base_manager.filter(pk=made.pk).update(verdict="reject")
    assert not queries.standings(report)[0].genuine


def test_signature_holds_for_every_field_that_is_told(report: Report, reviewer: User) -> None:
    made = decide(report, reviewer)
    read = Decision.objects.get()
    assert records.signed(read) == records.signed(made)
    for field in ("remark", "by_name", "affiliation", "content_hash", "verdict"):
        changed = Decision.objects.get()
        setattr(changed, field, "other")
        assert not records.genuine(changed), field


def test_newer_version_marks_decisions_as_for_an_older_one(
    report: Report, reviewer: User, member: User
) -> None:
    decide(report, reviewer)
    assert queries.superseded(report) == ""
    later = reports.freeze(run=report.run, by=member)
    assert queries.superseded(report).startswith("For an older version: version 2 of this report")
    assert queries.superseded(later) == ""
    assert [one.decision.report for one in queries.earlier_standings(later)] == [report]


def test_newer_run_of_the_same_question_marks_decisions_too(report: Report) -> None:
    run = Run.objects.get(pk=report.run_id)
    run.pk, finished = None, run.finished
    run.id = Run._meta.get_field("id").default()
    run.state, run.finished = Run.State.FAILED, finished.replace(year=finished.year + 1)
    run.save(force_insert=True)
    assert queries.superseded(report) == ""
    Run.objects.filter(pk=run.pk).update(state=Run.State.SUCCEEDED, recipe="toy")
    assert queries.superseded(report) == ""
    Run.objects.filter(pk=run.pk).update(recipe=report.run.recipe)
    assert "the same recipe has answered anew" in queries.superseded(report)


def test_reports_wait_for_those_who_may_decide_and_the_riskiest_come_first(
    report: Report, reviewer: User, member: User
) -> None:
    risky = reports.freeze(run=_copy(report.run), by=member, title="Risky")
    assert queries.awaiting(reviewer) == [risky, report]
    assert queries.awaiting(member) == []
    assert queries.awaiting(person()) == []
    decide(risky, reviewer)
    assert queries.awaiting(reviewer) == [report]
    newer = reports.freeze(run=report.run, by=member)
    assert queries.awaiting(reviewer) == [newer]


def test_link_holder_signs_with_name_and_affiliation(report: Report) -> None:
    visitor = guest(report)
    with pytest.raises(Refused, match="Give your name and affiliation"):
        services.decide(visitor=visitor, verdict="accept", name="Ida Noor")
    made = services.decide(
        visitor=visitor, verdict="accept", name="Ida Noor", affiliation="Uni Bergen"
    )
    assert (made.by, made.by_name, made.affiliation) == (None, "Ida Noor", "Uni Bergen")
    assert records.record(made)["invited_by_link"] is True
    assert Entry.objects.get(action="report.decided").by_name == "Ida Noor (by link)"


def _copy(run: Run) -> Run:
    """The same run under another recipe, riskier by its own account."""
    made = Run.objects.get(pk=run.pk)
    made.pk = made.id = Run._meta.get_field("id").default()
    made.recipe = "xray-diffusion"
    made.summary = made.summary | {"features": {"count": 10, "high_risk": 10}}
    made.save(force_insert=True)
    return made
