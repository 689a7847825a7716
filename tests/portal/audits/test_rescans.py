"""Rescanned windows come in through the browser's door, and judge every run of their map."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.audits import queries, services, sweeping, work
from fiducial.audits.models import Audit, Placement, Rescan
from fiducial.errors import Refused
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement
from fiducial.measurements.services import receive_part
from fiducial.reports.models import Report
from fiducial.reports.services import freeze
from fiducial.runs.models import Run
from tests.factories import audits
from tests.factories.finished_runs import finished_run
from tests.factories.measurements import project as make_project
from tests.factories.people import lab, person
from workers.store import write_measurement

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(member: User) -> Run:
    return audits.audited_run(member)


@pytest.fixture
def placement(run: Run) -> Placement:
    found = queries.drawn(run.measurement)
    assert found is not None
    return found


def files(*numbers: int, folder: str = "window {}") -> list[tuple[str, int]]:
    return [(f"{folder.format(n)}/{e}.txt", 100) for n in numbers for e in ("Si", "Fe")]


def page_of(client: Client, run: Run) -> str:
    return client.get(run.get_absolute_url()).content.decode()


def test_windows_are_announced_by_number(placement: Placement, member: User) -> None:
    upload, new = services.announce(
        placement=placement, user=member, name="", files=files(*range(1, 17))
    )
    assert new
    assert upload.kind == Measurement.Kind.WINDOWS
    assert upload.answers == {"sampling": "fine", "units": "counts"}
    assert upload.rescan.placement == placement
    again, new = services.announce(
        placement=placement, user=member, name="", files=files(*range(1, 17))
    )
    assert (again, new) == (upload, False)
    assert Rescan.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (files(1, 2, 3), "These are 3 windows"),
        (files(*range(1, 8), 9, 10), "Window 8 is missing"),
        (files(*range(1, 17), 40), "There is no window 40"),
        ([*files(*range(1, 17)), ("notes.txt", 3)], "notes.txt lies in no window's folder"),
    ],
)
def test_a_selection_of_windows_is_refused_before_a_byte_is_sent(
    placement: Placement, member: User, given: list[tuple[str, int]], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        services.announce(placement=placement, user=member, name="", files=given)
    assert not Rescan.objects.exists()


def test_claim_on_the_run_page_changes(browser: Client, run: Run, placement: Placement) -> None:
    before = page_of(browser, run)
    assert "Nothing of this specimen itself has been checked" in before
    assert "Add audit" in before
    audits.rescanned(placement, dwell=2.0)
    sweeping.sweep()
    assert "are judging this run" in page_of(browser, run)
    assert work.judge_next()
    after = page_of(browser, run)
    assert "Nothing of this specimen" not in after
    assert "intervals as shown hold" in after
    assert "the changed ones on 8 that had no part in changing them" in after
    assert "16 <button" in after
    overview = browser.get(f"/measurements/{run.measurement_id}/audit/").content.decode()
    assert "intervals as shown hold" in overview


def test_report_sealed_before_the_windows_came_was_a_prediction(
    browser: Client, run: Run, placement: Placement, member: User
) -> None:
    report = freeze(run=run, by=member)
    rescan = audits.judged(placement)
    assert "Predicted before measured: version 1" in page_of(browser, run)
    Report.objects.filter(pk=report.pk).update(frozen=rescan.announced + timedelta(seconds=1))
    assert "Not sealed before measured" in page_of(browser, run)
    Run.objects.filter(pk=run.pk).update(created=timezone.now())
    assert "Measured before predicted" in page_of(browser, run)


def test_windows_are_judged_by_once(placement: Placement, member: User, run: Run) -> None:
    audits.judged(placement)
    assert Audit.objects.get().state == Audit.State.DONE
    with pytest.raises(Refused, match="judged already"):
        services.announce(placement=placement, user=member, name="", files=files(*range(1, 17)))
    sweeping.sweep()
    assert not work.judge_next()


def test_windows_drawn_after_a_result_support_no_claim(member: User) -> None:
    run = finished_run(member, specimen=audits.specimen())
    audits.judged(audits.drawn(run.measurement))
    assert Audit.objects.get().state == Audit.State.DONE
    assert queries.claim(run) is None


def test_windows_of_another_step_say_what_was_asked_for(
    browser: Client, placement: Placement
) -> None:
    made = audits.rescanned(placement)
    made.measurement.summary["shape"] = [16 * 15, 15]
    made.measurement.save()
    sweeping.sweep()
    made.refresh_from_db()
    assert made.factor is None
    assert "Each window has 15 × 15 pixels" in made.refusal
    page = browser.get(f"/measurements/{placement.measurement_id}/audit/").content.decode()
    assert "Each window has 15 × 15 pixels" in page
    assert not Audit.objects.exists()


def test_windows_from_elsewhere_are_refused_with_their_numbers(
    browser: Client, run: Run, placement: Placement
) -> None:
    mirrored = audits.specimen().truth[:, ::-1, ::-1].copy()
    windows = audits.rescan(mirrored, placement.places, dwell=4.0)
    made = audits.rescanned(placement)
    content = audits.stack(audits.specimen().channels, windows)
    made.measurement.revision = 2
    write_measurement(folders.revision(made.measurement_id, 2), content)
    made.measurement.save()
    sweeping.sweep()
    work.judge_next()
    assert Audit.objects.get().state == Audit.State.REFUSED
    assert "look like the map at the place of the stage list" in page_of(browser, run)


def test_chosen_windows_measure_gain_and_claim_nothing(
    browser: Client, run: Run, placement: Placement, member: User
) -> None:
    answer = browser.post(f"/runs/{run.pk}/audit/choose/", {"count": 3})
    assert answer.status_code == 302
    chosen = Placement.objects.get(kind=Placement.Kind.CHOSEN)
    assert len(chosen.windows) == len(chosen.gains) == 3
    assert chosen.gains == sorted(chosen.gains, reverse=True)
    assert "It expects to find out" in browser.get(answer.url).content.decode()
    assert "gain" in browser.get(f"/audit-windows/{chosen.pk}/stage-list.csv").content.decode()
    assert browser.get(f"/audit-windows/{chosen.pk}/bring/").status_code == 200

    audits.judged(chosen, dwell=20.0)
    page = page_of(browser, run)
    assert "Chosen windows, come back" in page
    assert "Nothing of this specimen itself has been checked" in page
    assert queries.claim(run) is None
    refused = browser.post(f"/runs/{run.pk}/audit/choose/", {"count": "many"}, follow=True)
    assert "Choose 1 to 32 windows" in refused.content.decode()


def test_what_windows_showed_cannot_be_deleted(
    browser: Client, run: Run, placement: Placement
) -> None:
    rescan = audits.judged(placement)
    address = f"/measurements/{rescan.measurement_id}/delete/"
    page = browser.post(address, follow=True).content.decode()
    assert "cannot be taken back" in page
    assert (
        "Correct or add" not in browser.get(rescan.measurement.get_absolute_url()).content.decode()
    )
    answer = browser.post(f"/measurements/{rescan.measurement_id}/correct/", {}, follow=True)
    assert "windows judge what they judge" in answer.content.decode()
    assert Measurement.objects.filter(pk=rescan.measurement_id).exists()


def test_a_map_stays_while_windows_of_it_are_kept(browser: Client, member: User) -> None:
    project = make_project(lab(member=member))
    measured = audits.large_map(project, member)
    announced, _ = services.announce(
        placement=audits.drawn(measured), user=member, name="", files=files(*range(1, 17))
    )
    page = browser.post(f"/measurements/{measured.pk}/delete/", follow=True).content.decode()
    assert "windows of it were measured again" in page
    browser.post(f"/measurements/{announced.pk}/delete/")
    browser.post(f"/measurements/{measured.pk}/delete/")
    assert not Measurement.objects.filter(pk=measured.pk).exists()


def test_windows_renumbered_after_a_mix_up_are_no_copy(placement: Placement, member: User) -> None:
    for order in (range(1, 17), (2, 1, *range(3, 17))):
        upload, _ = services.announce(
            placement=placement, user=member, name="", files=[(f"{n}/Si.txt", 1) for n in order]
        )
        for file, content in zip(upload.files.order_by("pk"), "abcdefghijklmnop", strict=True):
            body = content.encode()
            digest = hashlib.sha256(body).hexdigest()
            receive_part(user=member, file=file, number=0, body=body, sha256=digest)
        assert services.complete(user=member, rescan=upload.rescan).state == "quarantined"


def test_windows_are_no_map(browser: Client, run: Run, placement: Placement) -> None:
    rescan = audits.judged(placement)
    project = browser.get(f"/projects/{run.measurement.project_id}/").content.decode()
    assert rescan.measurement.name not in project
    page = browser.get(rescan.measurement.get_absolute_url()).content.decode()
    assert "What came of them" in page
    assert "New run" not in page
    answer = browser.get(f"/measurements/{rescan.measurement_id}/run/", follow=True)
    assert "holds audit windows of another map" in answer.content.decode()


def test_lost_judgements_are_asked_for_again_and_given_up_in_the_end(
    run: Run, placement: Placement
) -> None:
    audits.rescanned(placement)
    sweeping.sweep()
    long_ago = timezone.now() - 2 * sweeping.LOST
    Audit.objects.update(state=Audit.State.JUDGING, since=long_ago, attempt=1)
    sweeping.sweep()
    assert Audit.objects.get().state == Audit.State.WAITING
    Audit.objects.update(state=Audit.State.JUDGING, since=long_ago, attempt=3)
    sweeping.sweep()
    assert Audit.objects.get().state == Audit.State.REFUSED


def test_windows_of_another_lab_answer_like_missing_ones(
    client: Client, run: Run, placement: Placement
) -> None:
    rescan = audits.rescanned(placement)
    lab(owner=(stranger := person()))
    client.force_login(stranger)
    body = json.dumps({"files": [{"path": "1/Si.txt", "size": 3}]})
    json_type = "application/json"
    assert client.get(f"/measurements/{run.measurement_id}/audit/progress/").status_code == 404
    assert client.get(f"/runs/{run.pk}/audit/").status_code == 404
    assert client.post(f"/runs/{run.pk}/audit/choose/", {"count": 1}).status_code == 404
    assert client.get(f"/audit-windows/{placement.pk}/bring/").status_code == 404
    address = f"/audit-windows/{placement.pk}/rescans/"
    assert client.post(address, body, content_type=json_type).status_code == 404
    assert client.post(f"/rescans/{rescan.pk}/complete/").status_code == 404
