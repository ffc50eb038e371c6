"""The figures that a release brings along, as far as the page can show them. Pure.

The reliability diagram and the pictures of the samples are in no number of the report: they are shown as the
release drew them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from inference.errors import UploadError
from inference.header import read_header


@dataclass(frozen=True)
class Figure:
    """One PNG, with its size in pixels, so that the page does not jump when it arrives."""

    name: str
    width: int
    height: int


def figures_of(files: Mapping[str, bytes]) -> dict[str, Figure]:
    """Those of the files that are PNGs, by their names without `.png`."""
    found = [_figure(name, data) for name, data in files.items()]
    return {figure.name.removesuffix(".png"): figure for figure in found if figure is not None}


def _figure(name: str, data: bytes) -> Figure | None:
    try:
        header = read_header(data)
    except UploadError:
        return None
    return Figure(name, header.width, header.height) if header.format == "PNG" else None
