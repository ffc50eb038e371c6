"""A running service, held to its own OpenAPI document by schemathesis; `make fuzz` does more of it."""

import pytest

from tests.commands import done
from tests.fuzz.against_contract import command
from tests.service import Service

pytestmark = pytest.mark.slow

EXAMPLES = 2
"""Made up for each operation; some forty for each are derived from the document besides, always the same."""


def test_no_answer_differs_from_the_document(bundled_service: Service) -> None:
    held = done(command(bundled_service.url, EXAMPLES, seed=1))

    assert held.returncode == 0, held.stdout[-6000:] + held.stderr[-2000:]
    assert " passed" in held.stdout
