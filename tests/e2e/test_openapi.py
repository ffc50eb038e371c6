"""A running service, held to its own OpenAPI document by schemathesis; `make fuzz` does more of it."""

import subprocess

from tests.fuzz.against_contract import command
from tests.service import ROOT, Service

EXAMPLES = 2
"""Made up for each operation; some forty for each are derived from the document besides, always the same."""


def test_nothing_is_answered_that_the_document_does_not_say(bundled_service: Service) -> None:
    held = subprocess.run(
        command(bundled_service.url, EXAMPLES, seed=1), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert held.returncode == 0, held.stdout[-6000:] + held.stderr[-2000:]
    assert " passed" in held.stdout
