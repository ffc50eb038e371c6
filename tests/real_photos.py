"""Real photos with labels that people checked, beside the checkout; tests skip where there are none."""

import zipfile
from collections import defaultdict
from collections.abc import Sequence

import pytest

from tests.service import ROOT

PLACES = [parent / "shared" / "photos" for parent in ROOT.parents]
"""Beside the checkout or above it."""


def photos_of_kinds(kinds: Sequence[str], count: int) -> dict[str, list[bytes]]:
    """Photos of a shop, `count` different ones of each kind; the test skips where there are none."""
    folder = next((place for place in PLACES if (place / "catalogue.zip").is_file()), None)
    if folder is None:
        pytest.skip("the photos of ../shared/photos are not here")
    found: dict[str, dict[bytes, None]] = defaultdict(dict)
    with zipfile.ZipFile(folder / "catalogue.zip") as archive:
        for name in sorted(archive.namelist()):
            kind = name.partition("/")[0]
            if kind in kinds and len(found[kind]) < count:
                found[kind].setdefault(archive.read(name))
    return {kind: list(found[kind]) for kind in kinds}
