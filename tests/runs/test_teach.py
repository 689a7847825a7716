"""Teaching as a run: queued with a judge of the same lab, carried out by a worker."""

import shutil

import pytest

from fiducial.accounts.models import User
from fiducial.measurements.models import Measurement
from fiducial.measurements.queries import store_folder
from fiducial.runs import describing, services
from fiducial.runs.models import Run
from fiducial.runs.work import work_one
from tests.factories import lessons, measurements, people

# The lease is renewed over a connection of its own, which sees only what was committed.
worked = pytest.mark.django_db(transaction=True)


@pytest.fixture
def maps(db: None) -> tuple[Measurement, Measurement]:
    return lessons.pair()


def teach(on: Measurement, judge: object, by: User | None = None, **asked: object) -> Run:
    return services.submit(
        measurement=on,
        recipe="teach",
        parameters={"judge": str(judge), "scale": 2, "steps": 10} | asked,
        seed=0,
        by=by or on.uploaded_by,
    )


@worked
def test_a_lesson_is_queued_and_carried_out_like_any_run(maps):
    on, judge = maps
    run = teach(on, judge.pk)
    assert run.parameters["judge"] == f"{judge.pk}@1"
    assert run.estimated > 0
    work_one("gpu0@here")
    run.refresh_from_db()
    assert (run.state, run.error) == ("succeeded", "")
    assert run.summary["card"]["steps"] == 10
    assert ("Judge by", f"{judge.name}, revision 1") in describing.parameters(run)
    assert "10 steps" in describing.brief(run)


@worked
def test_the_judge_keeps_the_revision_it_had_when_it_was_asked(maps):
    on, judge = maps
    run = teach(on, judge.pk)
    Measurement.objects.filter(pk=judge.pk).update(revision=2)
    work_one("gpu0@here")
    run.refresh_from_db()
    assert run.state == "succeeded"


@worked
def test_a_judge_whose_files_went_fails_the_run_with_a_sentence(maps):
    on, judge = maps
    run = teach(on, judge.pk)
    shutil.rmtree(store_folder(judge))
    work_one("gpu0@here")
    run.refresh_from_db()
    assert run.state == "failed"
    assert "judge by is no longer in the store" in run.error


@pytest.mark.parametrize("which", ["itself", "foreign", "unready", "windows", "nothing"])
def test_only_another_ready_map_of_the_lab_can_judge(maps, which):
    on, judge = maps
    other: object = None
    if which == "itself":
        other = on.pk
    elif which == "foreign":
        other = lessons.pair()[0].pk
    elif which == "nothing":
        other = "not-a-map"
    else:
        changed = {"state": "attention"} if which == "unready" else {"kind": "windows"}
        Measurement.objects.filter(pk=judge.pk).update(**changed)
        other = judge.pk
    with pytest.raises(services.BadParameters, match="choose one of the other maps of this lab"):
        teach(on, other)
    assert not Run.objects.exists()


def test_the_same_map_uploaded_twice_does_not_judge_itself(maps):
    on, _ = maps
    content = measurements.counts(shape=(64, 64), seed=1)
    twin = measurements.ready(on.project, on.uploaded_by, content)
    assert twin.content_hash == on.content_hash
    with pytest.raises(services.BadParameters, match="uploaded again"):
        teach(on, twin.pk)


def test_a_map_that_is_too_small_is_refused_before_it_waits(maps):
    on, judge = maps
    with pytest.raises(services.BadParameters, match="takes at least 128 a side"):
        teach(on, judge.pk, scale=4)


def test_who_may_not_work_in_the_lab_teaches_nothing(maps):
    on, judge = maps
    viewer = people.person()
    on.project.lab.memberships.create(user=viewer, role="viewer")
    with pytest.raises(services.permissions.NotAllowed):
        teach(on, judge.pk, by=viewer)
