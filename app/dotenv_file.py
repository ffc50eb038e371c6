"""Read `.env`.

Apart from settings.py, whose imports take 0.2 s: `python -m app` needs
no more before gunicorn takes its place.
"""

from io import StringIO
from pathlib import Path
from typing import Final

from dotenv import load_dotenv

from inference.plain_text import decoded, trimmed

DOTENV_PATH: Final = Path(".env")


def read_dotenv(path: Path = DOTENV_PATH) -> None:
    """Add what a file names to the process's environment, which it never overrides.

    Args:
        path: need not be there.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_file():
        return
    content = path.read_bytes()
    try:
        text = decoded(content)
    except UnicodeDecodeError:  # a comment in an old code page, or a path: the environment takes any bytes
        text = content.decode(errors="surrogateescape")
    load_dotenv(stream=StringIO("\n".join(map(trimmed, text.splitlines()))))
