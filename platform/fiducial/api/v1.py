"""Version 1 of the public API: thin routes over the services the pages use, too."""

from ninja import NinjaAPI

from . import audits, faults, measurements, reports, runs
from .auth import SIGNED_IN

# The schema is at openapi.json; interactive pages would need scripts from elsewhere.
api = NinjaAPI(
    title="Fiducial",
    version="1",
    urls_namespace="api-1",
    docs_url=None,
    auth=SIGNED_IN,
)
faults.install(api)
for routes in (measurements, runs, reports, audits):
    api.add_router("", routes.router)
