"""Workers and the memory limit of their container: the formula of docs/reference/limits.md."""

import os
import re
from pathlib import Path

import pytest

from app.memory import (
    BYTES_PER_PIXEL,
    compute_max_worker_bytes,
    count_fitting_workers,
    describe_memory_shortage,
    read_memory_limit,
    release_free_memory,
)
from app.settings import Settings, parse_settings
from benchmarks.processes import resident_megabytes
from benchmarks.tables import MEBIBYTE
from inference.pictures import isolated_decoder
from tests.service import ROOT

MEGA = 1_000_000
DEFAULTS = Settings()


def control_group(folder: Path, inner: str, **limits: str) -> dict[str, Path]:
    """A tree of control groups: the limit of each named one, and the file that names the process' own."""
    for name, limit in limits.items():
        group = folder / "groups" / name.replace("_", "/").removeprefix("root/").removeprefix("root")
        group.mkdir(parents=True, exist_ok=True)
        (group / "memory.max").write_text(f"{limit}\n", "ascii")
    (own := folder / "own").write_text(f"0::/{inner}\n", "ascii")
    return {"groups": folder / "groups", "own_groups": own}


@pytest.mark.parametrize(
    ("inner", "limits", "expected"),
    [
        ("", {"root": "536870912"}, 536870912),
        ("", {"root": "max"}, None),
        ("", {}, None),
        ("system/wardrobe", {"system_wardrobe": "max", "system": "4000000000"}, 4 * 10**9),
        ("system/wardrobe", {"system_wardrobe": "1000000000", "system": "4000000000"}, 10**9),
    ],
)
def test_the_least_limit_of_the_control_groups_counts(
    tmp_path: Path, inner: str, limits: dict[str, str], expected: int | None
) -> None:
    assert read_memory_limit(**control_group(tmp_path, inner, **limits)) == expected


def test_groups_of_version_1_count_too(tmp_path: Path) -> None:
    (group := tmp_path / "groups/memory").mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text("268435456\n", "ascii")
    (own := tmp_path / "own").write_text("5:cpu:/a\n4:memory:/of/the/host\n0::/\n", "ascii")

    assert read_memory_limit(tmp_path / "groups", own) == 268435456


def test_without_control_groups_nothing_is_limited(tmp_path: Path) -> None:
    assert read_memory_limit(tmp_path, tmp_path / "none") is None


@pytest.mark.parametrize(
    ("limit", "workers"),
    [(None, 8), (100_000 * MEGA, 8), (8_000 * MEGA, 4), (4_000 * MEGA, 2), (512 * MEGA, 1)],
)
def test_as_many_workers_start_as_fit(limit: int | None, workers: int) -> None:
    assert count_fitting_workers(DEFAULTS, 8, limit) == workers


PAGE = (ROOT / "docs/reference/limits.md").read_text("utf-8")

CONTAINERS = re.findall(
    r"^\| (\d+) MB[^|]* \| (\d+) \|(.+)\| ([\d,]+) MB \|$",
    PAGE,
    re.MULTILINE,
)
"""Rows of the table of containers: megabytes, workers, values of NAMES, and the worst case in megabytes."""

NAMES = ("SLOTS", "QUEUE_LENGTH", "MAX_PIXELS", "MAX_UPLOAD_BYTES", "MAX_BATCH_BYTES")


@pytest.mark.parametrize(("limit", "workers", "values", "worst"), CONTAINERS)
def test_the_settings_that_are_named_for_a_container_fit_it(
    limit: str, workers: str, values: str, worst: str
) -> None:
    cells = [cell.strip().replace(",", "") for cell in values.split("|")]
    settings = parse_settings({f"WARDROBE_{name}": cell for name, cell in zip(NAMES, cells, strict=True)})

    assert describe_memory_shortage(settings, int(workers), int(limit) * MEGA) == ""
    assert f"{int(workers) * compute_max_worker_bytes(settings) / MEGA:,.0f}" == worst


def test_two_workers_with_default_settings_fit_into_4_gb() -> None:
    assert ("4000", "2") in [row[:2] for row in CONTAINERS]
    assert describe_memory_shortage(DEFAULTS, 2, 4_000 * MEGA) == ""


PICTURES = re.findall(
    r"^\| ([A-Z][^|]+) \| (\d+) \| [\d.]+ \| [\d.]+ \|$",
    (ROOT / "docs/explanation/benchmarks.md").read_text("utf-8"),
    re.MULTILINE,
)
"""Rows of the table of pictures of 51 million pixels: the format, and its peak in MiB."""


def test_no_format_takes_more_than_the_formula_and_the_limit_of_its_process_have() -> None:
    pixels = BYTES_PER_PIXEL * DEFAULTS.max_pixels
    in_the_worker = re.compile("JPEG|PNG|WebP, lossy")
    most = {
        name: pixels if in_the_worker.match(name) else pixels + (isolated_decoder.SPARE_MEGABYTES << 20)
        for name, _ in PICTURES
    }

    assert len(PICTURES) == 16
    assert BYTES_PER_PIXEL == isolated_decoder.PIXEL_BYTES
    assert [name for name, peak in PICTURES if int(peak) * MEBIBYTE > most[name]] == []


def test_where_fewer_workers_fit_their_number_is_named() -> None:
    line = describe_memory_shortage(DEFAULTS, 4, 6_000 * MEGA)

    assert "6,000 MB of memory may be used here, and 4 workers may take 7,973 MB" in line
    assert line.endswith("WEB_CONCURRENCY=3 fits.")
    assert describe_memory_shortage(DEFAULTS, 3, 6_000 * MEGA) == ""


def test_where_no_worker_fits_the_line_says_where_settings_that_do_are() -> None:
    assert "docs/reference/limits.md, Choosing." in describe_memory_shortage(DEFAULTS, 1, 1_000 * MEGA)


def test_free_memory_below_some_in_use_goes_back_to_the_system() -> None:
    in_use = [b"x" * 100_000 for _ in range(1000)][-1]
    before = resident_megabytes(os.getpid())

    release_free_memory()

    assert before - resident_megabytes(os.getpid()) > 50
    assert in_use
