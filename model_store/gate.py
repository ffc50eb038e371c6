"""May this release follow that one? Rules without I/O.

Releases compare on every set of pictures that both have answered: the test set, and each tier of photos.
comparison.py compares; publish.py and the releases command ask before they append a promotion.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from model_store.comparison import (
    ENOUGH_OWN,
    Comparison,
    compare_common,
    compare_own,
    compare_test,
    compare_tier,
    contradictions,
    worse,
)
from model_store.errors import GateRefused
from model_store.evidence import Evidence
from model_store.manifest import Manifest

MARGIN: Final = 0.01
MARGIN_OF_TIER: Final = 0.03
"""What the oldest release kept may be better by, on a test set and on a tier, before small losses count."""


def check_gate(candidate: Evidence, current: Evidence | None, earlier: Sequence[Evidence] = ()) -> str:
    """Refuse a release that breaks what clients rely on, or is measurably worse than current.

    Labels and the form of pixels are the contract with clients, so they have to be the same; how a photo
    becomes pixels may change, since the figures of photos show what that does. On no set of pictures that
    both have answered may the candidate be worse than current by more than chance explains: neither its
    accuracy, nor what is right of the accepted where that is below the promise, nor what it accepts of other
    things. No tier of photos that current was measured on may be missing, unless both answered enough
    pictures of the publisher's own, or the candidate keeps what current, its parent, answers to these.
    Against slow decline it is compared with the oldest release kept, which may not be better by more than a
    margin. All comparisons together refuse an equal release once in twenty.

    Args:
        candidate: the release that wants to be current.
        current: the one that is; None where nothing is.
        earlier: those that were current before and were not rolled back, the oldest first.

    Returns:
        What was compared, and what could not be.

    Raises:
        GateRefused: the message has both sides, and the way past.
    """
    if current is None:
        return "The first release here, so there was nothing to compare it with."
    _check_contract(candidate.manifest, current.manifest)
    found = _compare(candidate, current)
    oldest = _compare_with_oldest(candidate, current, earlier)
    refused = worse([*found.compared, *(one for one, _ in oldest)])
    losses = [one for one in found.compared if one in refused]
    declines = [one for one, margin in oldest if one in refused and one.loss > margin]
    reasons = [
        *_clause("is measurably worse than current: ", [one.text for one in losses]),
        *_clause(
            "is worse than the oldest release kept, by more than a margin: ", [one.text for one in declines]
        ),
        *_clause("cannot be compared with current, because it ", found.lost),
    ]
    if reasons:
        raise GateRefused(f"{candidate.version} {', and '.join(reasons)}. --force promotes it anyway.")
    return " ".join(_verdict(found, [one for one, _ in oldest]))


@dataclass(frozen=True)
class _Found:
    """What came of the comparison with current.

    Attributes:
        compared: by set.
        lost: tiers that are missing without anything in their place, and what else prevents a comparison.
        unknown: sentences on what could not be compared.
    """

    compared: list[Comparison]
    lost: list[str]
    unknown: list[str]


def _compare(candidate: Evidence, current: Evidence) -> _Found:
    lost, unknown = [], []
    compared = _compare_tests(candidate, current)
    if not compared:
        unknown.append(
            f"Measured on another test set ({candidate.manifest.data.name}) than {current.version} "
            f"({current.manifest.data.name}), so their accuracies were not compared."
        )
    for tier in [tier for tier in current.tiers if tier in candidate.tiers]:
        compared += compare_tier(candidate, current, tier)
    if missing := [tier for tier in current.tiers if tier not in candidate.tiers]:
        own, named = compare_own(candidate, current), f"photos of {_tiers(missing)} ({current.version} was)"
        compared += own
        unknown.append(f"Not measured on {named}, so these were not compared.")
        lost = (
            [] if own else [f"was not measured on {named}, and fewer than {ENOUGH_OWN} own pictures of both"]
        )
    if others := contradictions(candidate, current):
        lost.append(f"keeps other answers of {current.version} to {others} pictures than that release does")
    if new := [tier for tier in candidate.tiers if tier not in current.tiers]:
        unknown.append(f"{current.version} was not measured on photos of {_tiers(new)}.")
    return _Found(compared, lost, unknown)


def _compare_tests(candidate: Evidence, other: Evidence) -> list[Comparison]:
    same = candidate.manifest.data.test_sha256 == other.manifest.data.test_sha256
    return compare_test(candidate, other) if same else compare_common(candidate, other)


def _compare_with_oldest(
    candidate: Evidence, current: Evidence, earlier: Sequence[Evidence]
) -> list[tuple[Comparison, float]]:
    """The comparisons with the oldest release of the same labels, with the margin of each."""
    alike = [one for one in earlier if one.manifest.model.labels == candidate.manifest.model.labels]
    if not alike or alike[0].version == current.version:
        return []
    oldest = alike[0]
    found = [(one, MARGIN) for one in _compare_tests(candidate, oldest)]
    for tier in [tier for tier in oldest.tiers if tier in candidate.tiers]:
        found += [(one, MARGIN_OF_TIER) for one in compare_tier(candidate, oldest, tier)]
    return found


def _tiers(names: Sequence[str]) -> str:
    return f"tier{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _clause(what: str, reasons: Sequence[str]) -> list[str]:
    """What speaks against the candidate, in one clause or none."""
    return [f"{what}{'; '.join(reasons)}"] if reasons else []


def _verdict(found: _Found, oldest: Sequence[Comparison]) -> Iterator[str]:
    for what, compared in (("current", found.compared), ("the oldest release kept", oldest)):
        if compared:
            yield f"Not measurably worse than {what}: {'; '.join(one.text for one in compared)}."
    yield from found.unknown


def _check_contract(candidate: Manifest, current: Manifest) -> None:
    if candidate.model.labels != current.model.labels:
        raise GateRefused(
            f"{candidate.version} has the labels {_shown(candidate.model.labels)}, but {current.version}, "
            f"which is current, has {_shown(current.model.labels)}. Clients rely on them; "
            "--force promotes it anyway."
        )
    reads, read = map(_pixels_of, (candidate, current))
    if {key: reads.get(key) for key in read} != read:
        raise GateRefused(
            f"{candidate.version} reads {_shown(reads)}, but {current.version}, "
            f"which is current, reads {_shown(read)}. Clients may send pixels of that "
            "form. A training with --from bundled keeps the bundled input; --force promotes this one anyway."
        )


def _pixels_of(manifest: Manifest) -> dict[str, object]:
    """What clients must know to send pixels.

    Those of a second network's form count where current has them: a release that only adds one breaks no
    client, one that drops it or reads another size does.
    """
    form = ("shape", "channels", "dtype", "polarity")
    pixels = {key: asdict(manifest.model.input)[key] for key in form}
    return pixels if manifest.photos is None else pixels | {"photos": manifest.photos.input.shape}


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
