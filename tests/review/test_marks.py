"""Marks are kept as history; the newest of a voice counts; others' are shown after one's own."""

import shutil

import pytest

from fiducial.accounts.models import Membership, User
from fiducial.audits import words
from fiducial.errors import Refused
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.review import details, services
from fiducial.review.models import Mark
from fiducial.review.visitors import Visitor
from fiducial.trail.models import Entry
from tests.factories.movies import finished_units
from tests.review.conftest import colleague, guest, signed_in


def mark(client, report: Report, number: int = 1, **said: str):
    said = {"verdict": "not-supported", "remark": "A scan line.", **said}
    return client.post(f"/reports/{report.pk}/review/{number}/", said)


def test_mark_is_saved_shown_and_noted(report: Report, reviewer: User) -> None:
    text = mark(signed_in(reviewer), report).content.decode()
    assert 'data-mark="not-supported"' in text
    assert "<title>A scan line.</title>" in text
    made = Mark.objects.get()
    assert (made.number, made.by_name, made.by) == (1, "rolf", reviewer)
    entry = Entry.objects.get(action="report.marked")
    assert entry.reason == "detail 1: not supported. A scan line."


def test_newest_mark_counts_and_the_older_is_kept(report: Report, reviewer: User) -> None:
    client = signed_in(reviewer)
    mark(client, report)
    text = mark(client, report, verdict="supported", remark="").content.decode()
    assert 'data-mark="supported"' in text
    assert "What you said before" in text
    assert "not supported: A scan line." in text
    assert Mark.objects.count() == 2


def test_marks_of_others_are_shown_once_one_has_marked_oneself(
    report: Report, reviewer: User
) -> None:
    mark(signed_in(reviewer), report)
    owner = signed_in(colleague(report, "olga", Membership.Role.OWNER))
    assert "A scan line." not in owner.get(f"/reports/{report.pk}/review/").content.decode()
    assert "A scan line." in mark(owner, report, remark="").content.decode()
    # Who froze it does not judge it, and may read all.
    frozen_by = signed_in(report.frozen_by)
    assert "A scan line." in frozen_by.get(f"/reports/{report.pk}/review/").content.decode()


@pytest.mark.parametrize(
    ("number", "said", "sentence"),
    [
        (1, {"verdict": "perhaps"}, "Choose one: supported"),
        (9999, {}, "no detail number 9999"),
        (0, {}, "no detail number 0"),
        (1, {"remark": "x" * 4001}, "The remark has 4001 characters"),
    ],
)
def test_mark_that_cannot_be_kept_is_refused(
    report: Report, reviewer: User, number: int, said: dict[str, str], sentence: str
) -> None:
    assert sentence in mark(signed_in(reviewer), report, number, **said).content.decode()
    assert not Mark.objects.exists()


def test_nobody_marks_files_that_are_not_as_sealed(report: Report, reviewer: User) -> None:
    claims = reports.folder(report) / "claims.json"
    claims.write_text(claims.read_text().replace("bright", "dark") + " ")
    text = mark(signed_in(reviewer), report).content.decode()
    assert "Nothing was kept: the report is not as it was sealed." in text
    assert not Mark.objects.exists()


def test_member_and_reader_by_link_may_not_mark(report: Report, member: User) -> None:
    assert "Only owners and reviewers" in mark(signed_in(member), report).content.decode()
    with pytest.raises(Refused, match="for reading only"):
        services.mark(visitor=guest(report, may_decide=False), number=1, verdict="supported")
    assert not Mark.objects.exists()


def test_page_lists_the_riskiest_feature_first(report: Report, reviewer: User) -> None:
    found = details.of(report)
    risks = [detail.claim.risk for detail in found]
    assert risks == sorted(risks, reverse=True)
    text = signed_in(reviewer).get(f"/reports/{report.pk}/review/").content.decode()
    assert text.index('id="detail-1"') < text.index('id="detail-2"')
    assert 'id="detail-9"' not in text
    more = signed_in(reviewer).get(f"/reports/{report.pk}/review/?page=2").content.decode()
    assert 'id="detail-9"' in more


def test_page_one_is_what_was_sealed(report: Report, reviewer: User) -> None:
    text = signed_in(reviewer).get(f"/reports/{report.pk}/review/").content.decode()
    assert "hold the true value for at least nine pixels in ten" in text
    assert "What it does not cover" in text
    assert f'href="/reports/{report.pk}/#' in text
    assert "does not prove that the raw data are authentic" in text
    assert "posterior samples were drawn" in details.methods(report)
    assert details.methods(report) in text.replace("\n", " ")
    assert len(details.claimed(details.of(report))) <= 5


def test_page_of_lost_files_still_opens_and_offers_no_decision(
    report: Report, reviewer: User
) -> None:
    folder = reports.folder(report)
    shutil.rmtree(folder)
    text = signed_in(reviewer).get(f"/reports/{report.pk}/review/").content.decode()
    assert "The report&#x27;s files are gone." in text
    assert "Decide and sign" not in text


def test_claims_of_a_movie_are_marked_like_features(member: User) -> None:
    report = reports.freeze(run=finished_units(member), by=member)
    visitor = Visitor(report, user=colleague(report, "rolf", Membership.Role.REVIEWER))
    text = signed_in(visitor.user).get(f"/reports/{report.pk}/review/").content.decode()
    assert "A movie has no features to pin" in text
    assert "units were found in" in details.methods(report)
    assert details.methods(report).endswith("as many states as most do.")
    assert [d.trusted for d in details.of(report)] == sorted(d.trusted for d in details.of(report))
    assert (
        'data-mark="supported"'
        in mark(signed_in(visitor.user), report, verdict="supported").content.decode()
    )
    assert services.decide(visitor=visitor, verdict="accept").verdict == "accept"


def test_report_that_waits_stands_on_the_front_page_of_its_reviewer(
    report: Report, reviewer: User
) -> None:
    text = signed_in(reviewer).get("/").content.decode()
    assert "awaits review" in text
    assert f"/reports/{report.pk}/review/" in text
    assert "awaits review" not in signed_in(report.frozen_by).get("/").content.decode()


def test_worst_audited_failure_is_the_absent_feature_that_looked_safest() -> None:
    each = [
        {"element": "Fe", "y": 3, "x": 4, "risk": 0.4, "absent": True},
        {"element": "Si", "y": 5, "x": 6, "risk": 0.07, "absent": True},
        {"element": "Si", "y": 7, "x": 8, "risk": 0.01, "absent": False},
    ]
    assert words.worst({"each": each}).startswith("A feature of Si at row 5, column 6 was given a")
    assert "a risk of 7 %" in words.worst({"each": each})
    assert words.worst({"each": each[2:]}) == ""
    assert words.worst({}) == ""


def test_pages_ask_the_database_as_often_for_many_marks_and_decisions(
    report: Report, reviewer: User, django_assert_num_queries
) -> None:
    pages = {f"/reports/{report.pk}/review/": 14, f"/reports/{report.pk}/": 17}
    client = signed_in(reviewer)
    owner = Visitor(report, user=colleague(report, "olga", Membership.Role.OWNER))
    for number in (1, 2, 3):
        services.mark(visitor=owner, number=number, verdict="supported")
        services.decide(visitor=owner, verdict="accept")
        for page, count in pages.items():
            with django_assert_num_queries(count):
                client.get(page)
