from tests.factories.visitors import client, member, run, stranger

__all__ = ["client", "member", "run", "stranger"]
