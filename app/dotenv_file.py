"""Read `.env`.

Apart from settings.py, whose imports take 0.2 s: `python -m app` needs
no more before gunicorn takes its place.
"""

from pathlib import Path
from typing import Final

from dotenv import load_dotenv

DOTENV: Final = Path(".env")


def read_dotenv(path: Path = DOTENV) -> None:
    """Add what a file names to the process's environment, which it never overrides."""
    load_dotenv(path)
