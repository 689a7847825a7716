"""The API asked whatever its own schema allows: it never crashes and answers as it promises.

The examples are the same every time, so that a change fails for its own reason.
"""

import re
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fiducial.api.v1 import api
from fiducial.wsgi import application
from tests.factories import finished_runs, tokens

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 20
NEGATIVE = schemathesis.GenerationMode.NEGATIVE
schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
schema.app = application
OPERATIONS = [found.ok() for found in schema.get_all_operations()]


@pytest.fixture
def there(db: None) -> Iterator[dict[str, object]]:
    """What is there to be asked for, by the first word of its address, and the secret of who asks.

    A member who owns a lab with a finished run.
    """
    # As Django's own test client does it: the connection outlives a request.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    run = finished_runs.finished_run()
    measurement, member = run.measurement, run.submitted_by
    lab = measurement.project.lab
    lab.memberships.filter(user=member).update(role="owner")
    yield {
        "runs": str(run.pk),
        "measurements": str(measurement.pk),
        "projects": measurement.project_id,
        "labs": lab.pk,
        "secret": tokens.secret(member),
    }
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_as_the_schema_says(operation, there) -> None:
    of = re.match(r"/api/v1/(\w+)/{(\w+)}", operation.path)
    # Freezing takes seconds, each time.
    freezes = operation.path.endswith("/reports") and operation.method == "post"

    @given(case=st.one_of(operation.as_strategy(), operation.as_strategy(NEGATIVE)))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        if of and of[1] in there and not freezes:  # a number at random is never one that is there
            case.path_parameters = {**case.path_parameters, of[2]: there[of[1]]}
        headers = {"Authorization": f"Bearer {there['secret']}"}
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()
