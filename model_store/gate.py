"""May this release follow that one? Rules without I/O.

Releases compare on every set of pictures that both have answered: the test set, and each tier of photos.
comparison.py compares; publish.py and the releases command ask before they append a promotion.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from model_store.comparison import (
    ENOUGH_OWN,
    Comparison,
    common_photos,
    common_pictures,
    compare_common,
    compare_own,
    compare_test,
    compare_tier,
    lead,
)
from model_store.errors import GateRefused
from model_store.evidence import Evidence
from model_store.manifest import Manifest


def check_gate(candidate: Evidence, current: Evidence | None, earlier: Sequence[Evidence] = ()) -> str:
    """Refuse a release that breaks what clients rely on, or is measurably worse than current.

    Labels and the form of pixels are the contract with clients, so they have to be the same; how a photo
    becomes pixels may change, since the figures of photos show what that does. On no set of pictures that
    both have answered may the candidate be worse than current by more than chance explains, and no tier of
    photos that current was measured on may be missing, unless both answered enough pictures of the
    publisher's own. Small losses must not add up: on each set the candidate is compared as well with the
    best of the earlier releases, where that is better than current.

    Args:
        candidate: the release that wants to be current.
        current: the one that is; None where nothing is.
        earlier: those that were current before and were not rolled back.

    Returns:
        What was compared, and what could not be.

    Raises:
        GateRefused: the message has both sides, and the way past.
    """
    if current is None:
        return "The first release here, so there was nothing to compare it with."
    _check_contract(candidate.manifest, current.manifest)
    found = _compare(candidate, current)
    best = list(_compare_with_best(candidate, current, earlier))
    refusals = [
        *_worse("current", found.compared, found.lost),
        *_worse("the best release before on the same pictures", best),
    ]
    if refusals:
        raise GateRefused(
            f"{candidate.version} is measurably worse than {', and than '.join(refusals)}. "
            "--force promotes it anyway."
        )
    return " ".join(_verdict(found, best))


@dataclass(frozen=True)
class _Found:
    """What came of the comparison with current.

    Attributes:
        compared: by set.
        lost: tiers that are missing without anything in their place.
        unknown: sentences on what could not be compared.
    """

    compared: list[Comparison]
    lost: list[str]
    unknown: list[str]


def _compare(candidate: Evidence, current: Evidence) -> _Found:
    compared, lost, unknown = [], [], []
    if _same_test(candidate, current):
        compared.append(compare_test(candidate, current))
    elif found := compare_common(candidate, current):
        compared.append(found)
    else:
        unknown.append(
            f"Measured on another test set ({candidate.manifest.data.name}) than {current.version} "
            f"({current.manifest.data.name}), so their accuracies were not compared."
        )
    for tier in [tier for tier in current.tiers if tier in candidate.tiers]:
        one = compare_tier(candidate, current, tier)
        if one is not None:
            compared.append(one)
        else:
            unknown.append(f"Tier {tier} has no accuracy to compare.")
    if missing := [tier for tier in current.tiers if tier not in candidate.tiers]:
        own, named = compare_own(candidate, current), f"photos of {_tiers(missing)} ({current.version} was)"
        compared += [own] if own else []
        unknown.append(f"Not measured on {named}, so these were not compared.")
        lost = [] if own else [f"not measured on {named}, and fewer than {ENOUGH_OWN} own pictures of both"]
    if new := [tier for tier in candidate.tiers if tier not in current.tiers]:
        unknown.append(f"{current.version} was not measured on photos of {_tiers(new)}.")
    return _Found(compared, lost, unknown)


def _compare_with_best(
    candidate: Evidence, current: Evidence, earlier: Sequence[Evidence]
) -> Iterator[Comparison]:
    """The comparisons with the best earlier release on each set, where that is better than current."""
    alike = [one for one in earlier if one.manifest.model.labels == candidate.manifest.model.labels]
    tested = [one for one in (current, *alike) if _same_test(candidate, one)]
    best = max(tested, key=lambda one: one.manifest.headline.test_accuracy, default=current)
    if best is not current:
        yield compare_test(candidate, best)
    named = [one for one in (current, *alike) if common_pictures(candidate, one)]
    best = max(named, key=lambda one: lead(one.pictures, candidate.pictures), default=current)
    if best is not current and not _same_test(candidate, best):
        yield from filter(None, [compare_common(candidate, best)])
    for tier in candidate.tiers:
        answered = [one for one in (current, *alike) if common_photos(candidate, one, tier)]
        best = max(answered, key=lambda one: lead(one.answers_of(tier), candidate.answers), default=current)
        if best is not current and (compared := compare_tier(candidate, best, tier)):
            yield compared


def _same_test(one: Evidence, other: Evidence) -> bool:
    return one.manifest.data.test_sha256 == other.manifest.data.test_sha256


def _tiers(names: Sequence[str]) -> str:
    return f"tier{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _worse(what: str, compared: Sequence[Comparison], lost: Sequence[str] = ()) -> list[str]:
    """What speaks against the candidate, in one clause or none."""
    reasons = [*(one.text for one in compared if one.worse), *lost]
    return [f"{what}: {'; '.join(reasons)}"] if reasons else []


def _verdict(found: _Found, best: Sequence[Comparison]) -> Iterator[str]:
    for what, compared in (("current", found.compared), ("the best release before", best)):
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
