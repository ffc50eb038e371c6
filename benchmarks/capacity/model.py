"""From the results that are kept to the few numbers that a plan needs. Pure, but for the bundled release.

Everything here is one machine's: that on which the results were measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.capacity.fits import best_bent_line, fit, saturating, straight_line, universal
from benchmarks.side_by_side.peers import OURS
from benchmarks.side_by_side.releases import BUNDLED
from benchmarks.side_by_side.summary import rows_of, shown_connections, spread
from benchmarks.side_by_side.uploads import LARGE, THUMBNAIL, picture_for
from model_store.files import MANIFEST
from model_store.local import bundled

READ = ("growth", "benchmark", "labelling", "start-and-size", "conversion")
"""The results that a plan is made from."""

UPLOADS = ("png", "jpeg", "jpeg-12mp")
"""Those that are files; the others carry the same picture."""

JPEG = "pixels of a JPEG"
PICTURES = (JPEG, "pixels of a PNG")

PIXELS = {"jpeg": THUMBNAIL[0] * THUMBNAIL[1], "jpeg-12mp": LARGE[0] * LARGE[1]}
"""Of the uploads that no curve was fitted to: JPEGs on a ground that is not white."""

PHOTO_PIXELS = 2_000_000
"""Of the photograph that a plan is made for as well: what a telephone sends by messenger."""


def described(results: Mapping[str, Any]) -> dict[str, Any]:
    """The model, as JSON.

    Args:
        results: the content of docs/results/NAME.json by NAME; those in READ have to be there.
    """
    seen, cores = results["growth"]["seen"], results["growth"]["machine"]["cores"]
    uploads = _uploads(results["benchmark"])
    pictures = {curve: _bent(seen[curve]) for curve in PICTURES}
    return {
        "read": {name: results[name]["measured_at"] for name in READ},
        "cores": cores,
        "uploads": uploads,
        "pictures": pictures,
        "checks": _checks(uploads, pictures[JPEG], cores),
        "photo": _photo(pictures[JPEG], results["conversion"]["segmentation"], cores),
        "batch": asdict(fit(straight_line, *_columns(seen["pictures of a batch"], "processor"))),
        "connections": _connections(seen["connections"], cores),
        "workers": _workers(seen["workers"], cores),
        "labelling": _labelling(results["labelling"]),
        "release": _release(),
        "packages": sum(each["files"] for each in results["start-and-size"]["packages"]),
        "start_seconds": asdict(spread(results["start-and-size"]["start_seconds"])),
    }


def _uploads(benchmark: Mapping[str, Any]) -> dict[str, Any]:
    """Answers per second over the rounds, and bytes of a body."""
    rows = rows_of(benchmark)
    at = shown_connections(rows)
    rates = {
        row.upload: asdict(row.per_second)
        for row in rows
        if (row.peer, row.release, row.connections) == (OURS, BUNDLED, at)
    }
    return {name: {"per_second": rates[name], "bytes": len(picture_for(name))} for name in UPLOADS}


def _columns(points: Sequence[Mapping[str, Any]], what: str) -> tuple[list[float], list[float]]:
    return [each["size"] for each in points], [each[what] for each in points]


def _bent(points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    knee, found = best_bent_line(*_columns(points, "processor"))
    return {"knee": knee, **asdict(found)}


def along(fitted: Mapping[str, Any], pixels: float) -> float:
    """Milliseconds of processor time on a curve of PICTURES."""
    constant, small, large = fitted["parameters"]
    return float(constant + small * min(pixels, fitted["knee"]) + large * pixels)


def _checks(uploads: Mapping[str, Any], fitted: Mapping[str, Any], cores: int) -> dict[str, Any]:
    """Milliseconds that the curve foretells beside those that another run took with another picture."""
    return {
        name: {
            "foretold": along(fitted, pixels),
            "measured": cores * 1000 / uploads[name]["per_second"]["median"],
        }
        for name, pixels in PIXELS.items()
    }


def _photo(fitted: Mapping[str, Any], segmentation: Mapping[str, Any], cores: int) -> dict[str, Any]:
    """A JPEG with a garment before other things: what the curve foretells, and finding the garment."""
    decoded = along(fitted, PHOTO_PIXELS)
    low, high = segmentation["quartiles"]
    return {
        "pixels": PHOTO_PIXELS,
        "segmentation": segmentation["median"],
        "photos": segmentation["n"],
        "per_second": {
            "median": cores * 1000 / (decoded + segmentation["median"]),
            "least": cores * 1000 / (decoded + high),
            "most": cores * 1000 / (decoded + low),
        },
    }


def _connections(points: Sequence[Mapping[str, Any]], cores: int) -> dict[str, Any]:
    """Both laws through seconds for an answer to everybody, and how far Little's law misses p50."""
    sizes, rates = _columns(points, "per_second")
    round_trips = [size / rate for size, rate in zip(sizes, rates, strict=True)]
    little = [
        abs(each["per_second"] * each["p50"] / 1000 / each["size"] - 1)
        for each in points
        if each["p50"] is not None
    ]
    return {
        "saturating": asdict(fit(saturating(cores), sizes, round_trips)),
        "universal": asdict(fit(universal, sizes, round_trips)),
        "little_worst": max(little),
        "little_median": spread(little).median,
    }


def _workers(points: Sequence[Mapping[str, Any]], cores: int) -> dict[str, float]:
    """Contention from one worker to as many as cores, and what more of them than that take from the rate."""
    rate = {each["size"]: each["per_second"] for each in points}
    return {
        "speedup": rate[cores] / rate[1],
        "contention": (cores * rate[1] / rate[cores] - 1) / (cores - 1),
        "kept_beyond": min(rate[size] for size in rate if size > cores) / rate[cores],
    }


def _labelling(labelling: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "per_second": asdict(spread(labelling["label_per_second"])),
        "microseconds": asdict(spread(labelling["label_processor_microseconds"])),
        "rounds": len(labelling["label_per_second"]),
        "pictures": labelling["pictures"],
    }


def _release() -> dict[str, int]:
    release = bundled()
    size = sum(entry.size for entry in release.manifest.files.values())
    return {
        "size": size + (release.folder / MANIFEST).stat().st_size,
        "files": len(release.manifest.files) + 1,
    }
