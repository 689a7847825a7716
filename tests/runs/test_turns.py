"""Labs take turns, and the order shown is the order in which runs are taken."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from fiducial.runs import leases
from fiducial.runs.models import Run
from fiducial.runs.turns import NEVER, Standing, Waiting, in_turn, waiting_in_turn
from tests.factories import measurements, people, runs

START = datetime(2026, 1, 1, tzinfo=UTC)


def line(lab: int, count: int, *, since: int) -> list[Waiting]:
    return [
        Waiting(uuid4(), 0, lab, START + timedelta(minutes=since + number))
        for number in range(count)
    ]


def standing(running: dict[int, int], last: dict[int, datetime]) -> Standing:
    return Standing(defaultdict(int, running), defaultdict(lambda: NEVER, last))


def test_a_lab_that_comes_late_does_not_wait_behind_eight_runs_of_another():
    many, few = line(1, 8, since=0), line(2, 2, since=60)
    labs = [run.lab for run in in_turn(many + few, Standing())]
    assert labs == [1, 2, 1, 2, 1, 1, 1, 1, 1, 1]


def test_within_a_lab_the_oldest_run_is_first():
    waiting = line(1, 3, since=0)
    assert list(in_turn(reversed(waiting), Standing())) == waiting


def test_the_lab_with_least_running_is_first():
    old, new = line(1, 1, since=0), line(2, 1, since=60)
    assert [run.lab for run in in_turn(old + new, standing({1: 1}, {}))] == [2, 1]


def test_the_lab_whose_last_start_is_longest_ago_is_first():
    old, new = line(1, 1, since=0), line(2, 1, since=60)
    lately = {1: START, 2: START - timedelta(days=1)}
    assert [run.lab for run in in_turn(old + new, standing({}, lately))] == [2, 1]


@pytest.mark.django_db
def test_runs_are_claimed_in_the_order_that_is_shown():
    for _ in range(3):
        member = people.person()
        one = measurements.ready(measurements.project(people.lab(member=member)), member)
        for _ in range(2):
            runs.run(one)
    shown = [waiting.pk for waiting in waiting_in_turn()]

    taken = [leases.claim("gpu0@here").pk for _ in shown]
    assert taken == shown
    assert len({Run.objects.get(pk=pk).measurement_id for pk in taken[:3]}) == 3
    assert leases.claim("gpu0@here") is None
