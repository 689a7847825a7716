from tests.portal.measurements.conftest import browser, member, project, store

__all__ = ["browser", "member", "project", "store"]
