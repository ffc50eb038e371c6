"""The model and what follows from it, as tables of Markdown. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.releases.watcher import JITTER
from app.settings import Settings
from benchmarks.capacity.plan import (
    Fleet,
    Release,
    core_hours_per_million,
    hours_for,
    machines_for,
    p99_wait,
)
from benchmarks.capacity.strains import UTILISATION, Strain, strains
from benchmarks.side_by_side.tables import table

REFRESH = float(Settings.model_fields["refresh_seconds"].default)

RATES = (100, 1000, 10_000)
LABELS = (1_000_000, 100_000_000, 1_000_000_000)
FLEETS = (1, 10, 100, 1000)
UTILISATIONS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
NAMES = {"png": "28 x 28 PNG", "jpeg": "60 x 80 JPEG", "jpeg-12mp": "12-megapixel JPEG"}


def basis_line(results: Mapping[str, Any]) -> str:
    """What the figures are made from."""
    model, growth = results["capacity"]["model"], results["growth"]
    read = ", ".join(f"{name}.json of {at[:16].replace('T', ' ')}" for name, at in model["read"].items())
    return (
        f"One machine is {model['cores']} cores of an {growth['machine']['processor']}, "
        f"Python {growth['machine']['python']}, with {model['cores']} workers; the load came from the same "
        f"cores. Release {growth['plan']['release']['version']}. Read: {read} (UTC)."
    )


def need_table(results: Mapping[str, Any]) -> str:
    """Machines for rates, at the utilisation that plans keep."""
    model = results["capacity"]["model"]
    photo = model["photo"]
    told = [
        *(_need(NAMES[name], "measured", it, model["cores"]) for name, it in model["uploads"].items()),
        _need(
            f"{photo['pixels'] / 1e6:.0f}-megapixel JPEG, cluttered ground", "computed", photo, model["cores"]
        ),
    ]
    names = (
        "upload",
        "rate known how",
        "answers/s of one machine",
        "core hours a million",
        f"Mbit/s into one at {UTILISATION}",
        *(f"machines for {rate:,}/s" for rate in RATES),
    )
    return table(names, told)


def _need(name: str, how: str, it: Mapping[str, Any], cores: int) -> tuple[str, ...]:
    rate = it["per_second"]
    megabits = rate["median"] * UTILISATION * it["bytes"] * 8 / 1e6 if "bytes" in it else None
    return (
        name,
        how,
        _over_rounds(rate),
        f"{core_hours_per_million(cores * 1e6 / rate['median']):,.2f}",
        "" if megabits is None else f"{megabits:,.1f}",
        *(_machines(wanted, rate) for wanted in RATES),
    )


def _over_rounds(spread: Mapping[str, float]) -> str:
    return f"{spread['median']:,.0f} ({spread['least']:,.0f} to {spread['most']:,.0f})"


def _machines(rate: float, of_one: Mapping[str, float]) -> str:
    middle, few, many = (
        machines_for(rate, of_one[which], UTILISATION) for which in ("median", "most", "least")
    )
    return f"{middle:,}" if few == many else f"{middle:,} ({few:,} to {many:,})"


def labels_table(results: Mapping[str, Any]) -> str:
    """Hours for labels, by machines; thumbnails, as they were measured."""
    labelling = results["capacity"]["model"]["labelling"]
    rate, spent = labelling["per_second"], labelling["microseconds"]
    told = (
        (
            f"{count:,}",
            f"{core_hours_per_million(spent['median']) * count / 1e6:,.2f}",
            *(_lasting(hours_for(count, rate["median"], machines)) for machines in FLEETS),
        )
        for count in LABELS
    )
    names = (
        "labels",
        "core hours",
        *(f"on {count:,} machine{'s' * (count > 1)}" for count in FLEETS),
    )
    line = (
        f"A million labels of thumbnail PNGs take {core_hours_per_million(spent['median']):.3f} core hours "
        f"({core_hours_per_million(spent['least']):.3f} to {core_hours_per_million(spent['most']):.3f} over "
        f"{labelling['rounds']} rounds of {labelling['pictures']:,}), at {_over_rounds(rate)} labels/s of "
        "one machine. More machines than one: computed, with a part of the catalogue on each."
    )
    return f"{table(names, told)}\n\n{line}"


def _lasting(hours: float) -> str:
    """In hours, or in minutes below one; what ends within a minute is mostly the start of processes."""
    if hours >= 1:
        return f"{hours:,.1f} h"
    return f"{hours * 60:,.1f} min" if hours >= 1 / 60 else "below 1 min"


def wait_table(results: Mapping[str, Any]) -> str:
    """What 99 of 100 wait at most, by utilisation."""
    model = results["capacity"]["model"]
    cores = model["cores"]
    work = {name: cores * 1000 / it["per_second"]["median"] for name, it in model["uploads"].items()}
    told = (
        (
            f"{utilisation:.2f}",
            f"{p99_wait(cores, utilisation):.1f} to {p99_wait(1, utilisation):.1f}",
            *(
                f"{p99_wait(cores, utilisation) * each:,.1f} to {p99_wait(1, utilisation) * each:,.1f}"
                for each in work.values()
            ),
        )
        for utilisation in UTILISATIONS
    )
    names = ("utilisation", "p99 of the wait, in answers", *(f"ms, {NAMES[name]}" for name in work))
    return table(names, told)


def connections_table(results: Mapping[str, Any]) -> str:
    """What was measured that bears the above out: rates and times by connections."""
    told = (
        (
            f"{each['size']}",
            f"{each['per_second']:,.0f}",
            f"{each['p50']:,.1f}",
            f"{each['p99']:,.1f}",
        )
        for each in results["growth"]["seen"]["connections"]
    )
    return table(("connections", "answers/s", "p50 ms", "p99 ms"), told)


def fits_table(results: Mapping[str, Any]) -> str:
    """Every curve, and how far it misses."""
    model = results["capacity"]["model"]
    told = [
        *(_picture_line(name, it) for name, it in model["pictures"].items()),
        _line("pictures n of a batch, ms of processor", "{:.3f} + {:.3f} n", model["batch"]),
        _line(
            f"connections n, seconds of a round trip, {model['cores']} at a time and a queue",
            f"{{:.2e}} + {{:.2e}} max(n - {model['cores']}, 0) + {{:.2e}} n (n - 1)",
            model["connections"]["saturating"],
        ),
        _line(
            "the same, Universal Scalability Law",
            "{:.2e} + {:.2e} (n - 1) + {:.2e} n (n - 1)",
            model["connections"]["universal"],
        ),
    ]
    names = ("curve", "fit", "points", "worst miss", "worst miss at a point left out")
    picture = "![Measured, fitted and beyond](results/capacity.png)"
    return f"{table(names, told)}\n\n{_workers_line(model)}\n\n{picture}"


def _picture_line(name: str, it: Mapping[str, Any]) -> tuple[str, ...]:
    constant, small, large = it["parameters"]
    return (
        f"{name}, in millions, ms of processor",
        f"{constant:.2f} + {small * 1e6:.2f} min(n, {it['knee'] / 1e6:.3f}) + {large * 1e6:.2f} n",
        *_quality(it),
    )


def _line(name: str, form: str, it: Mapping[str, Any]) -> tuple[str, ...]:
    return (name, form.format(*it["parameters"]), *_quality(it))


def _quality(it: Mapping[str, Any]) -> tuple[str, ...]:
    left_out = "" if it["left_out"] is None else f"{it['left_out']:.0%}"
    return (str(it["points"]), f"{it['worst']:.0%}", left_out)


def _workers_line(model: Mapping[str, Any]) -> str:
    workers, connections = model["workers"], model["connections"]
    return (
        f"Little's law (connections = answers/s x p50) misses by {connections['little_median']:.0%} in the "
        f"median and {connections['little_worst']:.0%} at worst. {model['cores']} workers answer "
        f"{workers['speedup']:.2f} times as much as one, which is a contention of "
        f"{workers['contention']:.3f}; more workers than cores keep {workers['kept_beyond']:.2f} of that."
    )


def checks_table(results: Mapping[str, Any]) -> str:
    """What the curve foretells of pictures that it was not made from."""
    model = results["capacity"]["model"]
    told = (
        (
            NAMES[name],
            f"{it['foretold']:.2f}",
            f"{it['measured']:.2f}",
            f"{it['measured'] / it['foretold']:.2f}",
        )
        for name, it in model["checks"].items()
    )
    photo = model["photo"]
    line = (
        f"Telling a garment from a cluttered ground took {photo['segmentation']:.1f} ms more, whatever the "
        f"size: the median of {photo['photos']} photographs."
    )
    names = ("upload on a tinted ground", "foretold, ms", "measured, ms", "measured / foretold")
    return f"{table(names, told)}\n\n{line}"


def store_table(results: Mapping[str, Any]) -> str:
    """What a fleet asks of the store."""
    model = results["capacity"]["model"]
    release = Release(**model["release"])
    fleets = [fleet_of(count, model["cores"]) for count in FLEETS]
    rows: tuple[tuple[str, str, list[str]], ...] = (
        ("GETs a day that find nothing", "computed", [f"{it.gets_per_day:,.0f}" for it in fleets]),
        ("GETs/s, mean", "computed", [f"{it.gets_per_second:,.2f}" for it in fleets]),
        (
            "GETs/s, first polls after a start together",
            "computed",
            [f"{it.gets_per_second_in_step:,.1f}" for it in fleets],
        ),
        (
            "requests of a start, caches empty",
            "counted in the code",
            [f"{it.requests_of_a_start(release):,}" for it in fleets],
        ),
        (
            "requests of a promotion",
            "counted in the code",
            [f"{it.requests_of_a_change(release):,}" for it in fleets],
        ),
        ("MB of a promotion", "computed", [f"{it.bytes_of_a_change(release) / 1e6:,.1f}" for it in fleets]),
        (
            "Mbit/s while it is fetched",
            "computed",
            [f"{it.megabits_of_a_change(release):,.1f}" for it in fleets],
        ),
    )
    head = ("at `REFRESH_SECONDS`=" + f"{REFRESH:g}", "known how", *(f"{count:,}" for count in FLEETS))
    line = (
        f"A release is {release.files} files, the manifest included, of {release.size / 1e6:.2f} MB; the "
        f"last worker asks {fleets[0].seconds_to_follow:.0f} s after a promotion."
    )
    return f"{table(head, ((what, how, *values) for what, how, values in rows))}\n\n{line}"


def fleet_of(machines: int, workers: int) -> Fleet:
    """Machines with the default settings."""
    return Fleet(machines=machines, workers=workers, refresh=REFRESH, jitter=JITTER)


def breaks_table(results: Mapping[str, Any]) -> str:
    """What machines share, the first to break first; bold where it does not hold."""
    model, scrape = results["capacity"]["model"], results["capacity"]["scrape"]
    found = strains(model, scrape, fleet_of(1, model["cores"]))
    told = (
        (
            each.what,
            each.basis,
            *(_strained(each.of_one * count, each.limit) for count in FLEETS[1:]),
            f"{each.limit:,.0f} ({each.limit_basis})",
            f"{each.reached_at:,}",
            each.cure,
        )
        for each in found
    )
    names = (
        "shared",
        "known how",
        *(f"{count:,} machines" for count in FLEETS[1:]),
        "limit",
        "holds for",
        "before that",
    )
    return f"{table(names, told)}\n\n{_verdicts(found)}\n\n{_image_line(model)}"


def _verdicts(found: Sequence[Strain]) -> str:
    """What does not hold any more, by machines."""
    lines = []
    for count in FLEETS[1:]:
        broken = [each.what for each in found if each.reached_at < count]
        told = "; ".join(broken) if broken else "nothing of it"
        lines.append(f"- Breaks at {count:,} machines: {told}.")
    return "\n".join(lines)


def _image_line(model: Mapping[str, Any]) -> str:
    times = model["packages"] / model["release"]["size"]
    return (
        f"The packages of an image have {model['packages'] / 1e6:,.0f} MB unpacked (measured; Python and the "
        f"base come on top, compression takes off): {times:,.0f} times a release. A start takes "
        f"{model['start_seconds']['median']:.1f} s (measured) once the image is there."
    )


def _strained(value: float, limit: float) -> str:
    told = f"{value:,.0f}"
    return f"**{told}**" if value > limit else told


def scrape_line(results: Mapping[str, Any]) -> str:
    """What Prometheus takes from one machine."""
    scrape, cores = results["capacity"]["scrape"], results["capacity"]["model"]["cores"]
    return (
        f"A scrape of one machine ({cores} workers, every kind of request seen) "
        f"had {scrape['series']} series in {scrape['size'] / 1000:.0f} kB and took "
        f"{scrape['milliseconds']:.0f} ms: measured, one run."
    )
