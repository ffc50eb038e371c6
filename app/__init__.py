"""The web service: it takes pictures of garments over HTTP, and answers with their classes.

Start reading in factory.py, which chooses the parts of the service and puts them together. settings.py has
the settings of an operator, api/problems.py every error that a client may see, and prediction/ the steps that
an upload goes through.
"""

import importlib.metadata
import tomllib
from pathlib import Path


def _read_version() -> str:
    """Return the version of this program, from pyproject.toml or from the metadata of an installed wheel."""
    file = Path(__file__).resolve().parents[1] / "pyproject.toml"
    if not file.exists():
        return importlib.metadata.version("wardrobe")
    version: str = tomllib.loads(file.read_text("utf-8"))["project"]["version"]
    return version


__version__ = _read_version()
