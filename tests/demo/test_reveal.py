import json
import re

import numpy as np
import pytest

from fiducial.demo import services
from fiducial.demo.models import Reveal
from fiducial.errors import Refused
from fiducial.viewer import stores
from tests.factories import demo, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client):
    user = people.person()
    client.force_login(user)
    return user


def marks_of(run, rows=range(5)):
    table = stores.of_run(run).table("features")
    return [(int(table["channel"][i]), float(table["y"][i]), float(table["x"][i])) for i in rows]


def press(client, run, marks):
    sent = [",".join(f"{part:g}" for part in mark) for mark in marks]
    return client.post(f"/runs/{run.pk}/reveal/", {"mark": sent}, follow=True)


def tile(run) -> str:
    return f"/runs/{run.pk}/slow-scan/0/0/0/0/"


def test_reveal_scores_the_visitor_and_the_software_by_the_same_rule(member):
    run = demo.finished_run(member)
    made = services.reveal(run=run, user=member, marks=marks_of(run))
    groups = {group["name"]: group for group in made.score["groups"]}
    assert list(groups) == ["yours", "most trusted", "least trusted"]
    assert [row["y"] for row in groups["yours"]["rows"]] == [y for _, y, _ in marks_of(run)]
    risks = stores.of_run(run).table("features")["risk"]
    stated = [row["risk"] for row in groups["most trusted"]["rows"]]
    assert stated == pytest.approx(sorted(risks)[:5])
    stated = [row["risk"] for row in groups["least trusted"]["rows"]]
    assert stated == pytest.approx(sorted(risks)[::-1][:5])
    for group in groups.values():
        assert group["present"] <= group["told"] == 5 - group["untold"]
    assert made.score["misses"]["count"] <= made.score["misses"]["strong"]


def test_reveal_stands_once_pressed(member):
    run = demo.finished_run(member)
    first = services.reveal(run=run, user=member, marks=marks_of(run))
    again = services.reveal(run=run, user=member, marks=marks_of(run, range(5, 10)))
    assert again == first
    assert Reveal.objects.get().believed == first.believed


@pytest.mark.parametrize("rows", [[], [0, 1, 2, 3], [0, 0, 1, 2, 3], [0, 1, 2, 3, 4, 5]])
def test_reveal_asks_for_five_different_features(member, rows):
    run = demo.finished_run(member)
    with pytest.raises(Refused, match="Mark 5 different features first"):
        services.reveal(run=run, user=member, marks=marks_of(run, rows))
    assert not Reveal.objects.exists()


def test_reveal_refuses_a_mark_where_no_feature_is(member):
    run = demo.finished_run(member)
    with pytest.raises(Refused, match="no feature at row -40, column 2"):
        services.reveal(run=run, user=member, marks=[(0, -40.0, 2.0)])


def test_reveal_is_refused_where_nothing_is_sealed(member):
    run = demo.finished_run(member, sealed=False)
    with pytest.raises(Refused, match="Nothing is sealed"):
        services.reveal(run=run, user=member, marks=marks_of(run))


def test_run_page_offers_reveal_only_where_something_is_sealed(client, member):
    page = client.get(f"/runs/{demo.finished_run(member).pk}/").content.decode()
    assert "data-reveal" in page
    page = client.get(f"/runs/{demo.finished_run(member, sealed=False).pk}/").content.decode()
    assert 'id="reveal"' not in page


def test_slow_scan_stays_sealed_until_reveal_is_pressed(client, member):
    run = demo.finished_run(member)
    assert client.get(tile(run)).status_code == 404
    page = press(client, run, marks_of(run)).content.decode()
    assert len(re.findall(r"<tr data-channel=", page)) >= 15
    answer = client.get(tile(run))
    values = np.frombuffer(answer.content, "<f4")
    assert answer["X-Tile-Shape"] == "48,64"
    assert np.isfinite(values).all()
    config = re.search(r'id="reveal-config" type="application/json">(.*?)</script>', page)
    assert json.loads(config[1])["shape"] == [48, 64]


def test_slow_scan_stays_sealed_for_everybody_who_did_not_press(client, member):
    run = demo.finished_run(member)
    press(client, run, marks_of(run))
    client.force_login(people.person())
    assert client.get(tile(run)).status_code == 404
    assert press(client, run, marks_of(run)).status_code == 404


def test_reveal_tells_on_the_page_what_is_wrong_with_the_marks(client, member):
    run = demo.finished_run(member)
    page = press(client, run, marks_of(run, [0, 1])).content.decode()
    assert "Mark 5 different features first: 2 of them are marked now." in page
    page = client.post(f"/runs/{run.pk}/reveal/", {"mark": "x"}, follow=True).content.decode()
    assert "is no mark" in page


def test_reveal_asks_strangers_to_sign_in(client):
    run = demo.finished_run()
    answer = client.post(f"/runs/{run.pk}/reveal/", {"mark": "0,1,1"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")
