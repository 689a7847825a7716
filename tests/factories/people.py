"""People and labs for tests: real rows, each call makes new ones."""

from itertools import count

from fiducial.accounts.models import Lab, Membership, User

PASSWORD = "correct horse battery"
_numbers = count(1)


def person(name: str = "", **facts: object) -> User:
    """Somebody who belongs to no lab yet; signs in with `PASSWORD`."""
    return User.objects.create_user(name or f"person-{next(_numbers)}", password=PASSWORD, **facts)


def lab(name: str = "", **people: User) -> Lab:
    """A lab; name its people by role: `lab(owner=…, member=…, reviewer=…, viewer=…)`."""
    made = Lab.objects.create(name=name or f"Lab {next(_numbers)}")
    for role, user in people.items():
        Membership.objects.create(lab=made, user=user, role=role)
    return made
