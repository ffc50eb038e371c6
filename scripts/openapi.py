"""Write the contract as a service tells it that was just installed, for whoever makes clients of it.

python -m scripts.openapi [--output FILE] [--json]

`make openapi` writes docs/openapi.json, and a test keeps that one true. A running service tells its own, with
its own release's labels: GET /openapi.json.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from app.factory import create_app
from app.settings import Settings
from scripts.command_line import command_parser
from scripts.telling import add_json, telling
from scripts.terminal import run

EXAMPLES = (
    "python -m scripts.openapi",
    "python -m scripts.openapi --output docs/openapi.json",
)


def main(argv: list[str] | None = None) -> int:
    """Write the document."""
    arguments = build_parser().parse_args(argv)
    output: Path | None = arguments.output
    text = document_text()
    if output is None:
        sys.stdout.write(text)  # which is JSON either way
    else:
        output.write_text(text, "utf-8")
        with telling(arguments) as tell:
            print(f"{output}: {len(text):,} characters")
            tell({"output": str(output), "characters": len(text)})
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("openapi", __doc__, EXAMPLES)
    parser.add_argument("--output", type=Path, help="a file; the document goes to the terminal without it")
    add_json(parser)
    return parser


def document_text() -> str:
    """The document of a service with every setting at its default, indented."""
    told = create_app(Settings(log_level="ERROR")).test_client().get("/openapi.json")
    text = json.dumps(told.get_json(), indent=1, ensure_ascii=False)
    return _ROW.sub(lambda row: " ".join(row.group().split()), text) + "\n"


_ROW = re.compile(r"\[\s+-?\d[-\d.,\s]*\]")
"""A list of numbers: pictures are told in these, and are no easier to read with each on a line of its own."""


if __name__ == "__main__":
    sys.exit(run(main))
