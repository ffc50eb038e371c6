"""Real photos with labels that people checked, beside the checkout; tests skip where there are none."""

import csv
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.service import ROOT
from training.data.fashion import LABELS

PLACES = [parent / "shared" / "photos" for parent in ROOT.parents]
"""Beside the checkout or above it; `dev.csv` lists the photos."""


def photos_of_senders(tier: str, least: int) -> dict[Path, str]:
    """Photos of whole senders of one tier, and what each shows; the test skips where there are none.

    Args:
        tier: of the photos, such as "C".
        least: so many photos at least, while there are senders.
    """
    folder = next((place for place in PLACES if (place / "dev.csv").is_file()), None)
    if folder is None:
        pytest.skip("the photos of ../shared/photos are not here")
    with (folder / "dev.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tier"] == tier]
    chosen: dict[Path, str] = {}
    for sender in sorted({row["group"] for row in rows}):
        if len(chosen) < least:
            of_sender = (row for row in rows if row["group"] == sender)
            chosen |= {folder / row["file"]: LABELS[int(row["label"])] for row in of_sender}
    return chosen


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
