import pytest
from django.test import Client

from fiducial.accounts import permissions, services
from fiducial.accounts.models import Membership, User
from fiducial.accounts.permissions import NotAllowed
from fiducial.errors import Refused
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.mark.parametrize("verb", permissions.MATRIX)
@pytest.mark.parametrize("role", Role.values)
def test_may_agrees_with_its_filter_for_every_role(verb: str, role: str) -> None:
    user = person()
    mine, foreign = lab(**{role: user}), lab(owner=person())
    allowed = role in permissions.MATRIX[verb]

    assert permissions.may(user, verb, mine) == allowed
    assert list(permissions.labs_where_may(user, verb)) == ([mine] if allowed else [])
    assert not permissions.may(user, verb, foreign)


def test_may_does_not_mix_the_roles_of_two_labs() -> None:
    user = person()
    owned = lab(owner=user)
    reviewed = lab(reviewer=user, owner=person())

    assert list(permissions.labs_where_may(user, permissions.MANAGE)) == [owned]
    assert not permissions.may(user, permissions.WORK, reviewed)


def test_require_names_who_could_do_it() -> None:
    user = person()
    mine = lab("Assay", reviewer=user)

    with pytest.raises(NotAllowed, match="Only owners and members of Assay can do this"):
        permissions.require(user, permissions.WORK, mine)


def test_operator_runs_the_machines_and_sees_no_lab() -> None:
    operator = person(is_operator=True)
    lab(owner=person())

    assert permissions.may_operate(operator)
    assert not permissions.labs_where_may(operator, permissions.SEE).exists()


def test_create_lab_makes_its_owner_and_refuses_a_taken_name() -> None:
    user = person()
    made = services.create_lab(name=" Assay ", owner=user)

    assert made.name == "Assay"
    assert permissions.may(user, permissions.MANAGE, made)
    with pytest.raises(Refused, match="exists already"):
        services.create_lab(name="assay", owner=user)
    with pytest.raises(Refused, match="Give the lab a name"):
        services.create_lab(name="  ", owner=user)


def test_lab_keeps_its_last_owner() -> None:
    owner = person("olga")
    mine = lab("Assay", owner=owner)

    with pytest.raises(Refused, match="olga is the only owner of Assay"):
        services.set_role(by=owner, lab=mine, user=owner, role=Role.MEMBER)
    with pytest.raises(Refused, match="only owner"):
        services.remove_member(by=owner, lab=mine, user=owner)
    assert mine.memberships.get().role == Role.OWNER


def test_set_role_refuses_a_role_there_is_not() -> None:
    owner = person()

    with pytest.raises(Refused, match="“king” is not a role"):
        services.set_role(by=owner, lab=lab(owner=owner), user=person(), role="king")


def test_member_cannot_say_who_belongs_to_the_lab(client: Client) -> None:
    member = person()
    mine = lab(member=member, owner=person())
    client.force_login(member)

    answer = client.post(f"/labs/{mine.pk}/", {"username": "friend", "role": "member"})

    assert "Only owners of" in answer.content.decode()
    assert not User.objects.filter(username="friend").exists()


def test_invitation_leads_a_new_person_to_choosing_a_password(client: Client) -> None:
    owner = person()
    mine = lab(owner=owner)
    client.force_login(owner)

    answer = client.post(
        f"/labs/{mine.pk}/", {"username": "nadia", "email": "n@x.example", "role": "reviewer"}
    )

    link = answer.context["link"]
    assert link.startswith("http://testserver/once/")
    assert mine.memberships.get(user__username="nadia").role == Role.REVIEWER
    guest = Client()
    assert guest.get(link.removeprefix("http://testserver"), follow=True).redirect_chain == [
        ("/account/password/set/", 302)
    ]


def test_invitation_of_somebody_known_adds_them_without_a_link(client: Client) -> None:
    owner, known = person(), person("known")
    mine = lab(owner=owner)
    client.force_login(owner)

    answer = client.post(f"/labs/{mine.pk}/", {"username": "Known", "role": "member"})

    assert answer.context["link"] is None
    assert mine.memberships.filter(user=known, role=Role.MEMBER).exists()


def test_owner_changes_a_role_and_takes_somebody_out(client: Client) -> None:
    owner, other = person(), person()
    mine = lab(owner=owner, member=other)
    client.force_login(owner)

    client.post(f"/labs/{mine.pk}/people/{other.pk}/", {"role": "owner"})
    assert mine.memberships.get(user=other).role == Role.OWNER
    client.post(f"/labs/{mine.pk}/people/{other.pk}/", {"role": "none"})
    assert not mine.memberships.filter(user=other).exists()


def test_viewer_sees_and_may_do_nothing_else() -> None:
    viewer = person()
    mine = lab("Assay", viewer=viewer)

    allowed = [verb for verb in permissions.MATRIX if permissions.may(viewer, verb, mine)]

    assert allowed == [permissions.SEE]
    with pytest.raises(NotAllowed, match="Only owners and reviewers of Assay"):
        permissions.require(viewer, permissions.REVIEW, mine)


def test_lab_page_says_what_each_role_may_do(client: Client) -> None:
    owner = person()
    mine = lab(owner=owner)
    client.force_login(owner)

    page = client.get(f"/labs/{mine.pk}/").content.decode()

    assert set(permissions.ROLE_WORDS) == set(Role)
    for role, words in permissions.ROLE_WORDS.items():
        assert f"<dt>{role.label}</dt><dd>{words}</dd>" in page
        assert f"{role.label}: {words}" in page  # what the invitation offers
