"""Version 1 of the public API: thin routes over the services the pages use, too."""

from typing import Any

from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from ninja import NinjaAPI

from . import audits, faults, files, labs, live, measurements, networks, reports, reviews, runs
from .auth import SIGNED_IN
from .parsing import Texts
from .schemas import Problem

FAULT = {
    "description": "A fault, worded",
    "content": {faults.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Api(NinjaAPI):
    """A ninja API whose schema says of every route what its faults look like."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["responses"]["default"] = FAULT
        return schema


# The schema is at openapi.json; interactive pages would need scripts from elsewhere.
api = Api(
    title="Fiducial",
    version="1",
    urls_namespace="api-1",
    docs_url=None,
    auth=SIGNED_IN,
    parser=Texts(),
)
faults.install(api)
# Answers carry an ETag; sent back as If-None-Match it spares the answer that is known already.
api.add_decorator(conditional_page, mode="view")
api.add_decorator(cache_control(private=True, no_cache=True), mode="view")
for routes in (labs, measurements, live, runs, networks, reports, reviews, audits, files):
    api.add_router("", routes.router)
