"""The whole corpus: `entries()` builds it, `python -m tests.hostile.corpus` writes it to files/.

Run it again when a builder changed; a test says when the two differ. A new crasher becomes an entry in the
module of its format, built from the few bytes that matter, with the answers that are right for it.
"""

from pathlib import Path

from tests.hostile import (
    documents,
    gif_webp_files,
    jpeg_files,
    mixed_files,
    png_files,
    tiff_bmp_files,
    zip_files,
)
from tests.hostile.entry import Entry

FILES = Path(__file__).with_name("files")

FAMILIES = (png_files, jpeg_files, gif_webp_files, tiff_bmp_files, zip_files, documents, mixed_files)


def entries() -> list[Entry]:
    """Every entry, in a fixed order."""
    return [entry for family in FAMILIES for entry in family.entries()]


def write() -> None:
    """Make files/ hold the corpus and nothing else."""
    for path in FILES.rglob("*.*"):
        path.unlink()
    for entry in entries():
        path = FILES / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.body)


if __name__ == "__main__":
    write()
