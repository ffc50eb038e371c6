"""What a soak showed, in figures, and what of it must not be. Pure: records in, figures out.

Growth is judged on the least that a worker held in each stretch of time, since what a request needs for a
moment is no leak; a line through these, from the end of the warm-up on, must not rise by more than allowed.
Only whole stretches count: the last four seconds of a run once fell within one picture of 49 megapixels, and
its 600 MB were taken for what the worker held at least.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.soak.traffic import BUSY, CUT, Seen
from benchmarks.soak.watch import Sample

STRETCH_SECONDS = 10.0
"""Over which rates and latencies are told."""

FLOOR_SECONDS = 20.0
"""Over which the least that a worker held is looked for; huge pictures may follow one another for some."""

WARM_UP = 0.25
"""Share of a worker's life in which pools, arenas and caches find their size."""

LONG_LIVED = 0.9
"""Share of the soak that a worker must have lived for its growth to be judged."""

ALLOWED_MEGABYTES = 16.0
"""Growth of the line over the rest of the soak, for ten minutes; a leak of 1 kB a request would be 30."""

ALLOWED_DESCRIPTORS = 3.0

AFTER_KILL_SECONDS = 1.0
"""A killed worker's connections are reset at once; what is cut later is nobody's but ours."""


@dataclass(frozen=True)
class Growth:
    """A line through what one worker held: from where to where it rises after the warm-up."""

    megabytes: float
    megabytes_per_hour: float
    descriptors: float
    first_megabytes: float
    last_megabytes: float
    peak_megabytes: float


@dataclass(frozen=True)
class Verdict:
    """The soak in numbers.

    Attributes:
        unexpected: what must be empty: wrong answers, and requests that were cut for no reason.
    """

    requests: int
    outcomes: dict[str, dict[str, int]]
    busy: int
    cut_by_kills: int
    unexpected: list[dict[str, object]]
    growth: dict[str, Growth]
    latency: list[dict[str, float]]
    tracebacks: list[str]
    caught_up: bool

    @property
    def grows(self) -> bool:
        """Whether a worker held on to more and more."""
        return any(
            growth.megabytes > ALLOWED_MEGABYTES or growth.descriptors > ALLOWED_DESCRIPTORS
            for growth in self.growth.values()
        )

    @property
    def sound(self) -> bool:
        """Whether nothing happened that must not."""
        judged = bool(self.growth) and not self.grows
        return judged and not self.unexpected and not self.tracebacks and self.caught_up


def judge(  # noqa: PLR0913 - what was recorded, each thing named
    seen: Sequence[Seen],
    kills: Sequence[float],
    samples: dict[int, list[Sample]],
    seconds: float,
    *,
    tracebacks: list[str],
    caught_up: bool,
) -> Verdict:
    """Draw the figures from what was recorded."""
    cut_by_kills = [one for one in seen if _is_cut_by_kill(one, kills)]
    wrong = [one for one in seen if not one.fine and one not in cut_by_kills]
    long_lived = {
        pid: lived for pid, lived in samples.items() if lived[-1].at - lived[0].at >= LONG_LIVED * seconds
    }
    return Verdict(
        requests=len(seen),
        outcomes=_outcomes(seen),
        busy=sum(one.status == BUSY for one in seen),
        cut_by_kills=len(cut_by_kills),
        unexpected=[{"at": round(one.at, 1), "kind": one.kind, "what": one.note} for one in wrong],
        growth={str(pid): growth_of(lived) for pid, lived in long_lived.items()},
        latency=_latency(seen),
        tracebacks=tracebacks,
        caught_up=caught_up,
    )


def growth_of(samples: Sequence[Sample]) -> Growth:
    """Fit lines by least squares to the least of each stretch after the warm-up."""
    began, ended = samples[0].at, samples[-1].at
    warm = [sample for sample in samples if sample.at >= began + WARM_UP * (ended - began)]
    megabytes = _slope(warm, [sample.megabytes for sample in warm])
    descriptors = _slope(warm, [float(sample.descriptors) for sample in warm])
    lasted = warm[-1].at - warm[0].at
    return Growth(
        megabytes=round(megabytes * lasted, 2),
        megabytes_per_hour=round(megabytes * 3600, 1),
        descriptors=round(descriptors * lasted, 2),
        first_megabytes=warm[0].megabytes,
        last_megabytes=warm[-1].megabytes,
        peak_megabytes=max(sample.megabytes for sample in samples),
    )


def _slope(samples: Sequence[Sample], held: Sequence[float]) -> float:
    """Of a line through the least that was held in each whole stretch, per second; 0 with less than three."""
    began, ended = samples[0].at, samples[-1].at
    least: dict[int, float] = {}
    for sample, value in zip(samples, held, strict=True):
        stretch = int((sample.at - began) / FLOOR_SECONDS)
        if (stretch + 1) * FLOOR_SECONDS <= ended - began:
            least[stretch] = min(value, least.get(stretch, value))
    if len(least) < 3:
        return 0.0
    return float(np.polyfit(np.array(list(least)) * FLOOR_SECONDS, list(least.values()), 1)[0])


def _is_cut_by_kill(one: Seen, kills: Iterable[float]) -> bool:
    return one.status == CUT and any(kill <= one.at <= kill + AFTER_KILL_SECONDS for kill in kills)


def _outcomes(seen: Iterable[Seen]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for one in seen:
        counts.setdefault(one.kind, Counter())[_called(one.status)] += 1
    return {kind: dict(sorted(counts[kind].items())) for kind in sorted(counts)}


def _called(status: int) -> str:
    return {0: "cut", -1: "left"}.get(status, str(status))


def _latency(seen: Iterable[Seen]) -> list[dict[str, float]]:
    """Of what was answered, by stretch: seconds since the beginning, requests, milliseconds."""
    stretches: dict[int, list[Seen]] = {}
    for one in seen:
        if one.status > 0:
            stretches.setdefault(int(one.at / STRETCH_SECONDS), []).append(one)
    return [_of_stretch(number * STRETCH_SECONDS, stretches[number]) for number in sorted(stretches)]


def _of_stretch(at: float, seen: list[Seen]) -> dict[str, float]:
    small = [one.seconds for one in seen if one.status == 200 and "mega" not in one.kind]
    health = [one.seconds for one in seen if one.kind in ("/healthz", "/readyz")]
    figures = {"at": at, "requests": len(seen)}
    for name, seconds in (("good", small), ("health", health)):
        for percentile in (50, 99):
            spent = float(np.percentile(seconds, percentile)) * 1000 if seconds else 0.0
            figures[f"{name}_p{percentile}"] = round(spent, 1)
    return figures
