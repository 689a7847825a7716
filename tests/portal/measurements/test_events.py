"""Events of a calorimeter, from their files to the page of their measurement."""

import json
import re

import numpy as np
import pytest
from django.urls import reverse

from fiducial.measurements import tasks
from fiducial.measurements.event_forms import EventCorrectionForm
from tests.factories import event_files, events, measurements

pytestmark = pytest.mark.django_db


def page_of(client, member, measurement) -> str:
    client.force_login(member)
    answer = client.get(measurement.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def uploaded(project, member, files):
    made = measurements.quarantined(project, files, member)
    tasks.ingest()
    made.refresh_from_db()
    return made


def table_of(tmp_path, made=None) -> bytes:
    made = made or events.showers(count=3)
    return event_files.single_table(tmp_path / "e.csv", made).read_bytes()


def test_an_uploaded_table_is_shown_with_its_facts_and_cells(client, member, project, tmp_path):
    made = uploaded(project, member, {"events.csv": table_of(tmp_path)})
    assert made.state == "ready"
    shown = page_of(client, member, made)
    assert "3 events of" in shown
    assert "Layer by layer" in shown
    assert "as of every measured event" in shown
    for of_maps in ("Audit windows", "Compare estimators", "Teach a network", "pixels"):
        assert of_maps not in shown


def test_one_event_is_drawn_with_every_kept_cell_in_its_layer(client, member, project):
    held = events.read(count=3)
    made = measurements.ready(project, member, held)
    client.force_login(member)
    address = reverse("measurements:event", args=[made.pk, 1])
    answer = json.loads(client.get(address, {"number": 1}).content)
    assert (answer["before"], answer["number"], answer["after"]) == (0, 1, 2)
    seen = [trace for trace in answer["figure"]["data"] if trace["mode"] == "markers"]
    kept = slice(*held.offsets[1:3])
    layers = held.geometry.coarse.layer[held.cell[kept]]
    assert [len(trace["x"]) for trace in seen] == np.bincount(layers, minlength=3).tolist()
    boxes = [trace for trace in answer["figure"]["data"] if trace["mode"] == "lines"]
    assert sum(len(trace["x"]) for trace in boxes) == 6 * len(layers)
    title = seen[-1]["marker"]["colorbar"]["title"]["text"]
    assert title == "MeV (logarithmic)"


@pytest.mark.parametrize("number", ["7", "many", "-1"])
def test_event_that_is_not_there_is_not_found(client, member, project, number):
    made = measurements.ready(project, member, events.read(count=3))
    client.force_login(member)
    address = reverse("measurements:event", args=[made.pk, 1])
    assert client.get(address, {"number": number}).status_code == 404


def test_events_of_many_layers_show_those_with_most_energy(client, member, project, tmp_path):
    path = event_files.calochallenge(tmp_path / "showers.h5")
    made = uploaded(project, member, {"showers.h5": path.read_bytes()})
    shown = page_of(client, member, made)
    assert "6 of 45 layers shown" in shown
    assert "radius (mm)" in shown
    assert "no estimator sees them" in shown


def test_lists_show_events_by_where_their_energy_lies(client, member, project):
    made = measurements.ready(project, member, events.read())
    client.force_login(member)
    shown = client.get(project.get_absolute_url()).content.decode()
    picture = reverse("measurements:thumbnail", args=[made.pk, 1, "measured", 0])
    assert picture in shown
    assert "6 calorimeter events · 192 cells" in shown
    assert client.get(picture)["Content-Type"] == "image/png"
    assert client.get(reverse("measurements:projects")).status_code == 200


HEAD = "event,layer,x,y,width,height,energy,sigma\n"
CELL = "cell,parent,layer,x,y,width,height,sigma\n"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"e.csv": HEAD}, "There is no event in this table"),
        ({"e.csv": HEAD + "1,0,0,0,1,1,nan,20\n"}, "is no number"),
        ({"e.csv": HEAD + "1,0,0,0,1,1,0.9,20\n"}, "That is no shower"),
        (
            {
                "e.csv": "event,cell,energy\n1,1,900\n",
                "c.csv": CELL + "1,,0,0,0,2,2,20\n2,9,0,0,0,1,1,\n",
            },
            "as its parent, which is not there",
        ),
    ],
)
def test_broken_events_are_refused_with_a_sentence_on_the_page(
    client, member, project, files, sentence
):
    made = uploaded(project, member, {name: text.encode() for name, text in files.items()})
    assert made.state == "refused"
    shown = re.sub(r"\s+", " ", page_of(client, member, made))
    assert sentence in shown
    assert "What a file of events needs" in shown
    assert "Noise of a cell" in shown
    for of_maps in ("Beam current", "Unit of the values", "Pixel size", "element map"):
        assert of_maps not in shown
    assert client.get(project.get_absolute_url()).status_code == 200
    assert isinstance(client.get(made.get_absolute_url()).context["form"], EventCorrectionForm)


def test_a_refused_table_that_a_person_calls_maps_is_asked_about_as_maps(client, member, project):
    made = uploaded(project, member, {"e.csv": HEAD.encode()})
    assert made.content == "events"
    client.force_login(member)
    address = reverse("measurements:measurement-correct", args=[made.pk])
    client.post(address, {"content": "maps"})
    tasks.ingest()
    made.refresh_from_db()
    assert (made.state, made.content) == ("refused", "maps")
    assert "What a file of events needs" not in page_of(client, member, made)


def test_missing_noise_is_answered_on_the_page(client, member, project, tmp_path):
    text = "event,layer,x,y,width,height,energy\n1,0,0,0,1,1,900\n"
    made = uploaded(project, member, {"e.csv": text.encode()})
    assert made.state == "refused"
    address = reverse("measurements:measurement-correct", args=[made.pk])
    client.force_login(member)
    client.post(address, {"content": "events"})
    made.refresh_from_db()
    tasks.ingest()
    assert "Noise of a cell" in page_of(client, member, made)
    client.post(address, {"content": "events", "sigma_mev": "20", "factor": "4"})
    tasks.ingest()
    made.refresh_from_db()
    assert (made.state, made.summary["fine_cells"]) == ("ready", 16)
    assert EventCorrectionForm(made)["factor"].value() == 4
