"""Write what others read about the product: the OpenAPI document, and the list of what the image contains.

`make openapi` and `make sbom` run it. The OpenAPI document goes to stdout and has every setting at its
default; a running service answers GET /openapi.json with its own. cyclonedx-py makes the list from the
serving lock; the addresses of the package index are removed from it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.factory import create_app
from app.settings import Settings

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "serve.txt"
OUTPUT = ROOT / "deploy" / "sbom.cdx.json"

OF_THE_INDEX = ("externalReferences", "description", "bom-ref")
"""Fields of a component that contain its address in the index, or its line in the lock."""


def write_openapi() -> None:
    """Print the OpenAPI document of a service with default settings."""
    answer = create_app(Settings(log_level="ERROR")).test_client().get("/openapi.json")
    print(json.dumps(answer.get_json(), indent=2, ensure_ascii=False))


def write_sbom() -> None:
    """Write OUTPUT."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible", str(LOCK)]
    made = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - ours alone
    document = without_addresses(json.loads(made.stdout))
    OUTPUT.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{OUTPUT}: {len(document['components'])} packages")


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


if __name__ == "__main__":
    {"openapi": write_openapi, "sbom": write_sbom}[sys.argv[1]]()
