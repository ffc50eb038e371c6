"""The web service: HTTP in, HTTP out.

Start reading in factory.py, the one place where parts are chosen and put together. settings.py holds what an
operator may set, api/problems.py every error that a client may see, prediction/ what an upload goes through.
"""

import tomllib
from pathlib import Path

# Not importlib.metadata: the image holds no installed package, and that of a checkout can be old.
_file = Path(__file__).resolve().parents[1] / "pyproject.toml"
_project = tomllib.loads(_file.read_text("utf-8"))["project"]
__version__: str = _project["version"]
