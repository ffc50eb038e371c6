"""The web service: HTTP in, HTTP out.

Start reading in factory.py, the one place where parts are chosen and put together. settings.py holds what an
operator may set, api/problems.py every error that a client may see, prediction/ what an upload goes through.
"""

import importlib.metadata
import tomllib
from pathlib import Path


def _read_version() -> str:
    """As pyproject.toml says it; of an installed wheel, which has no such file, as its metadata do.

    The image holds no metadata, and those of a checkout can be old.
    """
    file = Path(__file__).resolve().parents[1] / "pyproject.toml"
    if not file.exists():
        return importlib.metadata.version("wardrobe")
    version: str = tomllib.loads(file.read_text("utf-8"))["project"]["version"]
    return version


__version__ = _read_version()
