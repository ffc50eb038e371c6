"""Read the file `.env` into the environment of the process.

`python -m app` needs no more than this before gunicorn takes its place, and saves the 0.2 s that importing
settings.py takes.
"""

from io import StringIO
from pathlib import Path
from typing import Final

import dotenv

from inference.text.plain_text import decode_text, trim_text

DOTENV_PATH: Final = Path(".env")
"""Path of the file with environment variables, relative to the working directory."""


def load_dotenv(path: Path = DOTENV_PATH) -> None:
    """Add the variables of a `.env` file to the environment of this process.

    Variables that the environment already has keep their values.

    Args:
        path: the path of the file. If the file does not exist, nothing happens.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.is_file():
        return
    content = path.read_bytes()
    try:
        text = decode_text(content)
    except UnicodeDecodeError:  # a comment in an old code page, or a path: the environment takes any bytes
        text = content.decode(errors="surrogateescape")
    dotenv.load_dotenv(stream=StringIO("\n".join(map(trim_text, text.splitlines()))))
