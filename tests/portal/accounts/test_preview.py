"""Looking at a lab as a reviewer or a viewer does; tests/permissions asks every address so."""

import pytest
from django.test import Client

from fiducial.accounts import permissions, services
from fiducial.accounts.models import Lab, Membership, User
from tests.factories.measurements import project, ready
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def owner(client: Client) -> User:
    made = person("olga", is_operator=True)
    client.force_login(made)
    return made


@pytest.fixture
def mine(owner: User) -> Lab:
    return lab("Assay", owner=owner, member=person("mia"), viewer=person("vera"))


def look(client: Client, at: Lab, role: str = "viewer", page: str = "/projects/") -> str:
    """Begin to look; returns the page that is shown then."""
    asked = {"role": role, "next": page}
    return client.post(f"/labs/{at.pk}/view-as/", asked, follow=True).content.decode()


def test_project_says_who_can_see_it(client: Client, mine: Lab) -> None:
    page = client.get(project(mine).get_absolute_url()).content.decode()

    assert "<dt>Owner</dt><dd>olga</dd>" in page
    assert "<dt>Viewer</dt><dd>vera</dd>" in page
    assert "Reviewer</dt>" not in page
    assert "Nobody else can open it" in page
    assert "View as reviewer" in page


def test_only_who_works_there_is_offered_a_look(client: Client, mine: Lab) -> None:
    client.force_login(User.objects.get(username="vera"))

    assert "View as" not in client.get(project(mine).get_absolute_url()).content.decode()
    assert "Only owners and members of Assay" in look(client, mine)
    assert "Back to yourself" not in client.get("/projects/").content.decode()


def test_banner_says_through_whose_eyes_and_leads_back(client: Client, mine: Lab) -> None:
    page = project(mine).get_absolute_url()

    shown = look(client, mine, "reviewer", page)
    assert "You see <strong>Assay</strong> as a <strong>reviewer</strong> sees it" in shown
    assert "Add the first measurement" not in shown

    again = client.post("/yourself/", {"next": page}, follow=True).content.decode()
    assert "Back to yourself" not in again
    assert "Add the first measurement" in again


def test_look_shows_one_lab_and_no_power_of_an_operator(
    client: Client, mine: Lab, owner: User
) -> None:
    project(lab("Other", owner=owner), "Elsewhere")

    assert "Elsewhere" not in look(client, mine)
    seen = client.get("/").wsgi_request.user
    assert list(permissions.labs_where_may(seen, permissions.SEE)) == [mine]
    assert not permissions.may(seen, permissions.REVIEW, mine)
    assert not permissions.may_operate(seen)


def test_look_changes_nothing_in_the_portal_or_over_its_api(client: Client, mine: Lab) -> None:
    measured = ready(project(mine))
    look(client, mine)

    refused = client.post(f"/measurements/{measured.pk}/delete/")
    assert refused.status_code == 403
    assert "Nothing changes while you look as a viewer" in refused.content.decode()
    assert 'name="next"' not in refused.content.decode()  # there is no page to go back to
    over_api = client.post("/api/v1/runs", {"measurement": str(measured.pk)}, "application/json")
    assert over_api.status_code == 403
    assert over_api.json()["detail"].startswith("Nothing changes")


def test_look_is_refused_for_a_role_that_may_more(client: Client, mine: Lab) -> None:
    assert "You can look as a reviewer or a viewer does" in look(client, mine, "owner")


def test_look_ends_with_the_right_to_it(client: Client, mine: Lab, owner: User) -> None:
    measured = project(mine).get_absolute_url()
    look(client, mine)
    mia = User.objects.get(username="mia")
    services.set_role(by=owner, lab=mine, user=mia, role=Role.OWNER)
    services.remove_member(by=mia, lab=mine, user=owner)

    assert client.get(measured).status_code == 404


def test_look_at_a_lab_that_is_gone_is_over(client: Client, mine: Lab) -> None:
    look(client, mine)
    mine.delete()

    assert "Back to yourself" not in client.get("/projects/").content.decode()


def test_look_leads_to_no_other_site(client: Client, mine: Lab) -> None:
    answer = client.post(
        f"/labs/{mine.pk}/view-as/", {"role": "viewer", "next": "https://evil.example/"}
    )

    assert answer["Location"] == "/"
