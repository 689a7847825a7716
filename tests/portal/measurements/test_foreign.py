"""What belongs to another lab answers like what does not exist, on every route there is."""

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from fiducial.accounts import urls as account_urls
from fiducial.measurements import urls
from fiducial.measurements.models import Measurement
from tests.factories.measurements import project as make_project
from tests.factories.measurements import ready
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db
OPEN = {"projects", "home", "plan", "account", "one-time", "under-way", "example"}


def address(namespace: str, route: URLPattern, made: Measurement) -> str:
    of_project = str(route.pattern).startswith("projects/")
    of_lab = str(route.pattern).startswith("labs/")
    values = {
        "pk": made.project.lab_id if of_lab else made.project_id if of_project else made.pk,
        "file_pk": made.files.get().pk,
        "user_pk": made.uploaded_by_id,
        "number": 0,
        "revision": 1,
        "image": "measured",
        "channel": 0,
    }
    names = route.pattern.converters
    return reverse(f"{namespace}:{route.name}", kwargs={name: values[name] for name in names})


@pytest.mark.parametrize("method", ["get", "post", "put"])
@pytest.mark.parametrize(
    ("namespace", "route"),
    [
        (module.app_name, route)
        for module in (urls, account_urls)
        for route in module.urlpatterns
        if route.name not in OPEN
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_foreign_thing_answers_like_a_missing_one(
    client: Client, namespace: str, route: URLPattern, method: str
) -> None:
    owner = person()
    made = ready(make_project(lab(owner=owner)), owner)
    made.files.create(name="Si.txt", size=3)
    client.force_login(person())
    stranger = getattr(client, method)(address(namespace, route, made))

    client.force_login(owner)
    known = getattr(client, method)(address(namespace, route, made))

    assert stranger.status_code == (405 if known.status_code == 405 else 404)
    if known.status_code != 405:
        assert known.status_code != 404
    assert Measurement.objects.filter(pk=made.pk).exists() or known.status_code == 302


def test_lists_hold_nothing_foreign(client: Client) -> None:
    foreign = make_project(lab(owner=person()), "Secret ooids")
    ready(foreign, name="Secret map")
    client.force_login(person())

    for page in ("/projects/", "/", "/you/"):
        assert "Secret" not in client.get(page).content.decode()
