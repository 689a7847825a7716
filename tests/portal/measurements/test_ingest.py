"""From quarantined files to a closed revision: the real reading process, the real store."""

import hashlib
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.celery import app
from fiducial.errors import Refused
from fiducial.measurements import folders, services, tasks
from fiducial.measurements.elements import SYMBOLS
from fiducial.measurements.models import Measurement, Project
from fiducial.measurements.services.publishing import publish
from tests.data import data_path
from tests.factories.measurements import counts, quarantined, ready
from tests.factories.people import lab, person
from workers.readers import elements
from workers.store import MeasurementStore, read_measurement

pytestmark = pytest.mark.django_db
State = Measurement.State


def grid(seed: int, shape: tuple[int, int] = (16, 20)) -> bytes:
    """A map as tab-separated text, rows of whole counts."""
    rows = np.random.default_rng(seed).poisson(40, shape)
    return "\n".join("\t".join(map(str, row)) for row in rows).encode()


def test_ingest_reads_text_maps_into_a_first_revision(project: Project) -> None:
    made = quarantined(project, {"Si.txt": grid(1), "Fe.txt": grid(2)})

    tasks.ingest()

    made.refresh_from_db()
    assert made.state == State.READY
    assert (made.revision, made.store_path) == (1, f"measurements/{made.pk}/r1.zarr")
    assert sorted(made.summary["channels"]) == ["Fe", "Si"]
    assert made.summary["shape"] == [16, 20]
    stored = read_measurement(folders.revision(made.pk, 1))
    assert stored.values[stored.channels.index("Si")].sum() == sum(map(int, grid(1).split()))
    assert [path.name for path in folders.revisions(made.pk).iterdir()] == ["r1.zarr"]


def test_ingest_reads_a_real_map(project: Project) -> None:
    folder = data_path("xray/khufai-ooid-b3")
    files = {path.name: path.read_bytes() for path in folder.glob("MD6*.txt")}
    made = quarantined(project, files)

    assert services.ingest(measurement_id=made.pk)

    made.refresh_from_db()
    assert made.state == State.READY
    assert set(made.summary["channels"]) == {"Fe", "Mg", "Mn", "Si", "Sr"}
    assert made.content_hash


def test_ingest_takes_the_one_that_waited_longest(project: Project) -> None:
    later = quarantined(project, {"Si.txt": grid(1)})
    first = quarantined(project, {"Si.txt": grid(2)})
    Measurement.objects.filter(pk=first.pk).update(state_since=timezone.now() - timedelta(hours=1))

    assert services.ingest_next()

    later.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, later.state) == (State.READY, State.QUARANTINED)


def test_ingest_of_nothing_waiting_does_nothing(project: Project) -> None:
    made = ready(project)

    assert not services.ingest_next()
    assert not services.ingest(measurement_id=made.pk)


def test_ingest_refuses_a_pickle_and_keeps_the_file(project: Project) -> None:
    made = quarantined(project, {"map.npy": b"\x80\x04\x95not a map"})

    tasks.ingest()

    made.refresh_from_db()
    assert made.state == State.REFUSED
    (problem,) = made.problems
    assert problem["severity"] == "refused"
    assert problem["what"]
    assert problem["do"]
    assert made.revision == 0
    assert folders.arrived_file(made.files.get()).exists()
    assert list(folders.revisions(made.pk).iterdir()) == []


def test_correction_makes_a_second_revision_and_leaves_the_first(
    project: Project, member: User
) -> None:
    made = quarantined(project, {"Si.txt": grid(1), "Fe.txt": grid(2)})
    tasks.ingest()
    made.refresh_from_db()
    first = hashlib.sha256((folders.revision(made.pk, 1) / "zarr.json").read_bytes()).hexdigest()

    services.correct(
        measurement=made,
        user=member,
        answers={"channels": {"Fe.txt": "Mn"}, "pixel_size_um": 4.0, "sampling": "binned"},
    )
    tasks.ingest()

    made.refresh_from_db()
    assert (made.state, made.revision) == (State.READY, 2)
    assert sorted(made.summary["channels"]) == ["Mn", "Si"]
    assert made.summary["pixel_size_um"] == 4.0
    assert MeasurementStore(folders.revision(made.pk, 2)).attributes["sampling"] == "binned"
    again = hashlib.sha256((folders.revision(made.pk, 1) / "zarr.json").read_bytes()).hexdigest()
    assert again == first


def test_refused_correction_leaves_the_readable_revision_in_force(
    project: Project, member: User
) -> None:
    made = quarantined(project, {"Si.txt": grid(1), "Fe.txt": grid(2)})
    tasks.ingest()
    made.refresh_from_db()
    before = made.summary

    skip_all = {"channels": {"Si.txt": "skip", "Fe.txt": "skip"}}
    services.correct(measurement=made, user=member, answers=skip_all)
    tasks.ingest()

    made.refresh_from_db()
    assert (made.state, made.revision, made.summary) == (State.READY, 1, before)
    assert made.problems[0]["severity"] == "refused"


def test_correction_that_changes_nothing_makes_no_revision(project: Project, member: User) -> None:
    made = quarantined(project, {"Si.txt": grid(1), "Fe.txt": grid(2)})
    tasks.ingest()
    made.refresh_from_db()

    services.correct(measurement=made, user=member, answers={})
    tasks.ingest()

    made.refresh_from_db()
    assert (made.state, made.revision) == (State.READY, 1)


def test_same_map_read_twice_points_to_the_first(project: Project) -> None:
    files = {"Si.txt": grid(1), "Fe.txt": grid(2)}
    first, copy = quarantined(project, files), quarantined(project, files)

    tasks.ingest()
    tasks.ingest()

    first.refresh_from_db()
    copy.refresh_from_db()
    assert (first.state, copy.state) == (State.READY, State.REFUSED)
    assert copy.problems[0]["measurement"] == str(first.pk)
    assert f"as “{first.name}”" in copy.problems[0]["what"]
    assert not copy.store_path


def test_reader_that_lost_its_claim_publishes_nothing(project: Project) -> None:
    made = quarantined(project, {"Si.txt": grid(1)})
    Measurement.objects.update(state=State.INGESTING, ingest_attempt=2)
    output = folders.revisions(made.pk) / "reading-1.zarr"
    reply = {"state": "ready", "summary": {}, "problems": [], "content_hash": "0" * 64}

    publish(made.pk, 1, reply, output)

    made.refresh_from_db()
    assert (made.state, made.revision) == (State.INGESTING, 0)


def test_sweep_returns_a_lost_reading_and_gives_up_in_the_end(
    project: Project, settings: Settings
) -> None:
    made = quarantined(project, {"Si.txt": grid(1)})
    long_ago = timezone.now() - timedelta(seconds=settings.INGEST_SECONDS + 61)
    states = []
    for _ in range(3):
        Measurement.objects.update(state=State.INGESTING, state_since=long_ago)
        services.sweep()
        made.refresh_from_db()
        states.append(made.state)

    assert states == [State.QUARANTINED, State.QUARANTINED, State.REFUSED]
    assert "ended the reader 3 times" in made.problems[0]["what"]


def test_sweep_leaves_a_reading_under_way_alone(project: Project) -> None:
    quarantined(project, {"Si.txt": grid(1)})
    Measurement.objects.update(state=State.INGESTING)

    services.sweep()

    assert Measurement.objects.get().state == State.INGESTING


@pytest.mark.django_db(transaction=True)
def test_complete_upload_sends_a_ticket_once_it_is_committed(settings: Settings) -> None:
    _drain()
    member = person()
    project = lab(member=member).projects.create(name="Ooids")
    body = grid(1)
    upload, _ = services.create_upload(
        project=project, user=member, name="", files=[("Si.txt", len(body))]
    )
    digest = hashlib.sha256(body).hexdigest()
    services.receive_part(user=member, file=upload.files.get(), number=0, body=body, sha256=digest)

    services.complete(user=member, measurement=upload)

    assert _drain() == ["measurements.ingest"]


@pytest.mark.django_db(transaction=True)
def test_sweep_sends_a_ticket_for_each_that_has_none(project: Project) -> None:
    _drain()
    quarantined(project, {"Si.txt": grid(1)})
    quarantined(project, {"Si.txt": grid(2)})

    services.sweep()
    services.sweep()

    assert _drain() == ["measurements.ingest"] * 2


def test_ingest_of_something_deleted_meanwhile_leaves_nothing(
    project: Project, member: User, django_capture_on_commit_callbacks: object
) -> None:
    made = ready(project, member, counts())
    with django_capture_on_commit_callbacks(execute=True):
        services.delete(measurement=made, user=member)

    assert not services.ingest(measurement_id=made.pk)
    assert not folders.revisions(made.pk).exists()


def test_services_check_roles_themselves(project: Project) -> None:
    made, reviewer = ready(project), person()
    project.lab.memberships.create(user=reviewer, role="reviewer")

    with pytest.raises(Refused, match="Only owners and members"):
        services.correct(measurement=made, user=reviewer, answers={})
    with pytest.raises(Refused, match="Only owners and members"):
        services.delete(measurement=made, user=reviewer)


def test_correction_form_offers_elements_the_readers_know() -> None:
    assert set(SYMBOLS) <= set(elements.SYMBOLS)


def _drain() -> list[str]:
    """The tasks named by all tickets that wait in the ingest queue; they are taken out."""
    names = []
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("ingest")
        while True:
            try:
                message = queue.get(block=False)
            except queue.Empty:
                break
            names.append(message.headers["task"])
            message.ack()
        queue.close()
    return names
