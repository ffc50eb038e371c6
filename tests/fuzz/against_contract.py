"""Hold a real gunicorn to its own OpenAPI document: schemathesis sends what it allows, and what it forbids.

    python -m tests.fuzz.against_contract --examples 300 --seed 1

Every answer must have a status, a type, headers and a body that the document names for it; what breaks the
document's rules must be refused. contract.toml says what is checked, contract_hooks.py which pictures are
sent. The tests run a little of it.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.service import ROOT, running

CONFIGURATION = Path(__file__).with_name("contract.toml")


def main(argv: list[str] | None = None) -> int:
    """Start a service, and hold it to its document."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.against_contract", description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="requests made up for each operation")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service:
        run = command(service.url, asked.examples, asked.seed)
        return subprocess.run(run, cwd=ROOT, check=False).returncode


def command(url: str, examples: int, seed: int) -> list[str]:
    """What runs schemathesis against a service.

    Args:
        url: of the service.
        examples: how many requests are made up for each operation, beside those that try its bounds.
        seed: of what is made up; the same one makes up the same.
    """
    program = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)]
    made_up = ["--max-examples", str(examples), "--seed", str(seed)]
    return [*program, "run", f"{url}/openapi.json", *made_up]


if __name__ == "__main__":
    sys.exit(main())
