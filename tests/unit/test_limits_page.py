"""The table of docs/reference/limits.md shows the measured memory and time of decoding, rounded."""

import json
import re

from tests.service import ROOT

MEBIBYTE = 2**20


def test_the_costs_of_a_slot_are_the_measured_ones() -> None:
    measured = json.loads((ROOT / "docs/results/decode-memory.json").read_text("utf-8"))
    page = (ROOT / "docs/reference/limits.md").read_text("utf-8")

    rows = re.findall(r"^\| ([A-Z][\w, ]+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE)

    assert rows == [
        (
            name,
            str(cost["peak_megabytes"]),
            f"{cost['peak_megabytes'] * MEBIBYTE / measured['pixels']:.1f}",
            f"{cost['seconds']:.1f}",
        )
        for name, cost in measured["formats"].items()
    ]
