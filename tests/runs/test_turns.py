"""Labs take turns by what they used, and the order shown is the order in which runs are taken."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from fiducial.celery import LANES
from fiducial.runs import leases, queries, turns, use
from fiducial.runs.models import Allotment, Run
from fiducial.runs.turns import Standing, Waiting, in_turn
from tests.factories import measurements, people, runs

NOW = datetime(2026, 1, 8, tzinfo=UTC)
HOUR = 3600.0
ROLES = ("owner", "member", "viewer")


def line(lab: int, count: int, lane: str = "batch", **facts: object) -> list[Waiting]:
    facts = {"user": lab, "seconds": 60.0, **facts}
    return [Waiting(pk=uuid4(), token=0, lab=lab, lane=lane, **facts) for _ in range(count)]


def labs(waiting: list[Waiting], standing: Standing | None = None) -> list[int]:
    return [run.lab for run in in_turn(waiting, standing or Standing())]


def test_a_lab_that_comes_late_does_not_wait_behind_eight_runs_of_another():
    many, few = line(1, 8), line(2, 2)
    assert labs(many + few) == [1, 2, 1, 2, 1, 1, 1, 1, 1, 1]


def test_within_a_lab_the_oldest_run_is_first():
    waiting = line(1, 3)
    assert list(in_turn(waiting, Standing())) == waiting


def test_the_lab_that_used_least_is_first():
    assert labs(line(1, 1) + line(2, 1), Standing(use={1: 2 * HOUR, 2: HOUR})) == [2, 1]


def test_a_lab_with_twice_the_share_may_use_twice_as_much():
    standing = Standing(use={1: 3 * HOUR, 2: 2 * HOUR}, share={1: 2.0})
    assert labs(line(2, 1) + line(1, 1), standing) == [1, 2]


def test_a_long_run_counts_as_used_once_it_has_its_turn():
    long, short = line(1, 2, seconds=HOUR), line(2, 3, seconds=600.0)
    assert labs(long + short) == [1, 2, 2, 2, 1]


def test_interactive_goes_before_batch_but_not_of_a_lab_that_used_much_more():
    batch, interactive = line(1, 1), line(2, 1, "interactive")
    assert labs(batch + interactive, Standing(use={1: 0.0, 2: 1000.0})) == [2, 1]
    assert labs(batch + interactive, Standing(use={1: 0.0, 2: 2000.0})) == [1, 2]


def test_beam_time_goes_before_all_others_while_it_lasts():
    waiting = line(1, 1, "interactive") + line(2, 1, "beamtime")
    used = {2: 50 * HOUR}
    assert labs(waiting, Standing(use=used, beamtime=frozenset({2}))) == [2, 1]
    assert labs(waiting, Standing(use=used)) == [1, 2]


def test_what_an_operator_put_to_the_front_is_first():
    waiting = line(1, 2, "interactive") + line(2, 1, "beamtime") + line(1, 1, front=True)
    order = list(in_turn(waiting, Standing(beamtime=frozenset({2}))))
    assert [order[0].front, order[1].lane] == [True, "beamtime"]


def test_caps_hold_back_people_and_labs(settings):
    settings.RUNNING_PER_USER, settings.RUNNING_PER_LAB = 2, 3
    [run] = line(1, 1, user=7)
    assert Standing(of_user=Counter({7: 1}), of_lab=Counter({1: 2})).cap(run) is None
    assert Standing(of_user=Counter({7: 2})).cap(run) == "user"
    assert Standing(of_lab=Counter({1: 3})).cap(run) == "lab"


def test_a_second_counts_half_after_the_half_life(settings):
    settings.SHARE_HALF_LIFE_SECONDS = 24 * HOUR
    fresh = use.decayed(NOW - timedelta(seconds=2), NOW, NOW)
    old = use.decayed(NOW - timedelta(days=1, seconds=2), NOW - timedelta(days=1), NOW)
    assert fresh == pytest.approx(2.0, rel=1e-3)
    assert old == pytest.approx(fresh / 2)


def test_the_database_counts_use_as_the_formula_does(measurement):
    now = timezone.now()
    lab = measurement.project.lab_id
    spans = [(30.0, 20.0), (5.0, 1.0), (0.5, 0.0), (400.0, 399.0)]  # hours ago
    for began, ended in spans:
        started, finished = (now - timedelta(hours=hours) for hours in (began, ended))
        runs.run(measurement, state="succeeded", started=started, finished=finished)
    runs.run(measurement, state="cancelled", finished=now)  # never started

    expected = sum(
        use.decayed(now - timedelta(hours=began), now - timedelta(hours=ended), now)
        for began, ended in spans
        if ended < 100  # what is older than six half-lives is forgotten
    )
    assert use.decayed_by_lab() == {lab: pytest.approx(expected, rel=1e-3)}
    assert use.last_month([lab]) == {lab: pytest.approx(15.5 * HOUR, rel=1e-3)}
    assert use.last_month([lab + 1]) == {}


def test_a_running_run_counts_as_what_it_will_take(measurement):
    runs.running(measurement, estimated=2 * HOUR)
    _, standing = turns.read()
    lab, user = measurement.project.lab_id, measurement.uploaded_by_id
    assert standing.use == {lab: 2 * HOUR}
    assert (standing.of_lab[lab], standing.of_user[user]) == (1, 1)


def test_shares_and_beam_time_are_what_was_allotted(measurement):
    now, lab = timezone.now(), measurement.project.lab
    day = timedelta(days=1)
    one = Allotment.objects.create(
        lab=lab, share=2.0, beamtime_from=now - day, beamtime_until=now + day
    )
    _, standing = turns.read()
    assert (standing.share, standing.beamtime) == ({lab.pk: 2.0}, {lab.pk})
    one.beamtime_until = now - timedelta(hours=1)
    one.save()
    assert turns.read()[1].beamtime == frozenset()


@pytest.mark.django_db
def test_runs_are_claimed_in_the_order_that_is_shown():
    for _ in range(3):
        member = people.person()
        one = measurements.ready(measurements.project(people.lab(member=member)), member)
        for lane in ("batch", "interactive"):
            runs.run(one, lane=lane)
    places = queries.read_queue().places
    shown = sorted(places, key=places.__getitem__)

    taken = [leases.claim("gpu0@here").pk for _ in shown]
    assert taken == shown
    first = Run.objects.filter(pk__in=taken[:3])
    assert len({run.measurement_id for run in first}) == 3
    assert {run.lane for run in first} == {"interactive"}
    assert leases.claim("gpu0@here") is None


@pytest.mark.django_db
def test_reading_only_the_front_of_each_line_finds_whom_reading_all_of_them_would(settings):
    settings.RUNNING_PER_USER, settings.RUNNING_PER_LAB = 2, 4
    rng = np.random.default_rng(3)
    for _ in range(4):
        people_ = [people.person() for _ in range(3)]
        project = measurements.project(people.lab(**dict(zip(ROLES, people_, strict=True))))
        one = measurements.ready(project, people_[0])
        for _ in range(12):
            runs.run(
                one,
                people_[rng.integers(3)],
                lane=str(rng.choice(LANES)),
                estimated=float(rng.uniform(1, 5000)),
                memory=int(rng.integers(0, 9)),
                front=bool(rng.random() < 0.1),
            )
    for lanes, memory in [(LANES, math.inf), (LANES[1:], 5), (LANES[2:], 3), (LANES, 7)] * 6:
        waiting, standing = turns.read()
        able = [run for run in waiting if run.lane in lanes and run.memory <= memory]
        able = [run for run in able if standing.cap(run) is None]
        expected = next(in_turn(able, standing), None)
        assert turns.first(lanes, memory, use.under_way()) == expected
        if expected:
            Run.objects.filter(pk=expected.pk).update(state="running", started=timezone.now())


def test_a_run_belongs_to_the_lab_of_its_measurement(measurement):
    assert runs.run(measurement).lab == measurement.project.lab


@pytest.mark.django_db(transaction=True)
def test_runs_queued_before_labs_were_kept_with_them_are_given_theirs(measurement):
    lab, run = measurement.project.lab, runs.run(measurement)
    MigrationExecutor(connection).migrate([("runs", "0003_lanes_and_allotments")])
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert Run.objects.get(pk=run.pk).lab == lab
