"""A running service, held to its own OpenAPI document by schemathesis; `make fuzz` does more of it."""

import subprocess

import pytest

from tests.fuzz.against_contract import command
from tests.service import ROOT, Service

pytestmark = pytest.mark.slow

EXAMPLES = 2
"""Made up for each operation; some forty for each are derived from the document besides, always the same."""


def test_no_answer_differs_from_the_document(bundled_service: Service) -> None:
    held = subprocess.run(
        command(bundled_service.url, EXAMPLES, seed=1), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert held.returncode == 0, held.stdout[-6000:] + held.stderr[-2000:]
    assert " passed" in held.stdout
