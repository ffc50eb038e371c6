"""Write the OpenAPI document of a service with default settings, for tools that generate clients.

python -m scripts.openapi [--output FILE] [--json]

The source is app/api/openapi.json. A running service answers GET /openapi.json with the document of its own
release and settings.
"""

import argparse
import json
import sys
from pathlib import Path

from app.factory import create_app
from app.settings import Settings
from scripts.command_line import command_parser
from scripts.json_output import add_json, json_output
from scripts.terminal import run

EXAMPLES = (
    "python -m scripts.openapi",
    "python -m scripts.openapi --output openapi.json",
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
        with json_output(arguments) as emit:
            print(f"{output}: {len(text):,} characters")
            emit({"output": str(output), "characters": len(text)})
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("openapi", __doc__, EXAMPLES)
    parser.add_argument("--output", type=Path, help="a file; the document goes to the terminal without it")
    add_json(parser)
    return parser


def document_text() -> str:
    """The document of a service with every setting at its default, indented."""
    answer = create_app(Settings(log_level="ERROR")).test_client().get("/openapi.json")
    return json.dumps(answer.get_json(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(run(main))
