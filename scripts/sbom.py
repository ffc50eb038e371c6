"""List what the container holds, for an audit: CycloneDX JSON, made from the serving lock.

python -m scripts.sbom [--output FILE] [--json]

cyclonedx-py reads the lock; what it adds of the index is taken out again: a package is the same wherever it
was fetched from, and its hashes stand in the lock. `make sbom` installs cyclonedx-py first.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.command_line import command_parser
from scripts.json_output import add_json, json_output
from scripts.terminal import FAILED, complain, run

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "serve.txt"
OUTPUT = ROOT / "deploy" / "sbom.cdx.json"

OF_THE_INDEX = ("externalReferences", "description", "bom-ref")
"""Fields of a component that say where it was fetched from, or in which line it stood."""

EXAMPLES = (
    "python -m scripts.sbom",
    "python -m scripts.sbom --output sbom.json",
)


def main(argv: list[str] | None = None) -> int:
    """Write the list."""
    arguments = build_parser().parse_args(argv)
    output: Path = arguments.output
    made = subprocess.run(_command(), capture_output=True, text=True, check=False)  # noqa: S603 - ours alone
    if made.returncode != 0:
        complain(f"cyclonedx-py failed: {made.stderr[-500:]} `make sbom` installs it.")
        return FAILED
    document = without_addresses(json.loads(made.stdout))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
    packages = len(document["components"])
    with json_output(arguments) as emit:
        print(f"{output}: {packages} packages")
        emit({"output": str(output), "packages": packages})
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("sbom", __doc__, EXAMPLES)
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"default: {OUTPUT.relative_to(ROOT)}")
    add_json(parser)
    return parser


def without_addresses(document: dict[str, Any]) -> dict[str, Any]:
    """A bill of materials without the addresses of any index, each package known by its package URL."""
    components = [
        {name: value for name, value in component.items() if name not in OF_THE_INDEX}
        | {"bom-ref": component["purl"]}
        for component in document["components"]
    ]
    metadata = {"component": {"type": "application", "name": "wardrobe", "bom-ref": "wardrobe"}}
    dependencies = [
        {"ref": "wardrobe", "dependsOn": sorted(component["bom-ref"] for component in components)}
    ]
    kept = {name: document[name] for name in ("$schema", "bomFormat", "specVersion", "version")}
    return kept | {"metadata": metadata, "components": components, "dependencies": dependencies}


def _command() -> list[str]:
    return [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible", str(LOCK)]


if __name__ == "__main__":
    sys.exit(run(main))
