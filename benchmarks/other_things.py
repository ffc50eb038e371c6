"""How many photos of other things a probe on own classes accepts: python -m benchmarks.other_things PHOTOS.

Of the KINDS of own_classes.py, two are other things and six the classes, of which LEARNT are learnt and the
others hidden; each kind is another thing once, in four draws. A probe on each start answers twice: with the
distance alone, and with the score against photos of other things. Saves docs/results/other-things.json.

The shipped files know these kinds: put a backbone and negatives that were made with --leave-out in their
place (training/transfer/BACKBONE.md).
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.own_classes import KINDS, _photos, _processor, _write
from benchmarks.results import save
from inference.contract import Calibration, ModelContract
from inference.convert import decoded_to_pixels
from inference.decision import Reason, calibrate, decide, familiarity_of
from inference.decode import MAX_PIXELS, decode
from inference.session import Scores
from training.data.own_pictures import from_pictures
from training.data.splitting import split
from training.evaluation.calibration import (
    ACCEPTED_OF_OWN,
    FAMILIARITY_OF_OWN,
    FAMILIARITY_THRESHOLD,
    fit_contract,
)
from training.evaluation.measure import joined
from training.evaluation.out_of_distribution import distances_by, fit_measure
from training.export.out_of_fold import deal
from training.transfer.other_things import other_things
from training.transfer.probe import Features, fit_probe
from training.transfer.selection import cross_fit, with_distances
from training.transfer.starts import Start, start_in_colour, start_of_imagenet

DRAWS: Final = (1, 2, 3, 0)
"""The first three are of kinds that were not looked at when the share of FAMILIARITY_OF_OWN was chosen."""

FOLDS: Final = 5


def main() -> int:
    """Measure all draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    kinds = _photos(parser.parse_args().photos)
    found, starts = [], (start_in_colour(), start_of_imagenet())
    for draw in DRAWS:
        others = {KINDS[2 * draw], KINDS[(2 * draw + 3) % len(KINDS)]}
        of_starts = {one.name: _drawn(kinds, others, draw, one) for one in starts}
        found.append({"others": sorted(others), "starts": of_starts})
        save("other-things", "python -m benchmarks.other_things PHOTOS", {"draws": found})
    return 0


def _drawn(
    kinds: dict[str, dict[str, bytes]], others: set[str], seed: int, start: Start
) -> dict[str, object]:
    said = list[str]()
    contents = [one for kind in sorted(others) for one in kinds[kind].values()]
    strange = np.stack([decoded_to_pixels(decode(one, MAX_PIXELS), start.reads) for one in contents])
    with tempfile.TemporaryDirectory() as name:
        _write({kind: {} if kind in others else kinds[kind] for kind in KINDS}, Path(name), seed)
        data = from_pictures(Path(name), said.append, lambda *_: None, start.reads)
        parts = split(data.train, len(data.labels))
        train, classes = parts.train, len(data.labels)
        folds = deal(parts, None, FOLDS, pictures=True)
        tried = cross_fit(start, train, folds, classes)
        ood = other_things(tried.body, train, tried.features.measured, folds, said.append)
    probe = fit_probe(tried.features, train.labels, train.groups)
    asked = [Features.of(tried.body, some) for some in (parts.validation.images, data.test.images, strange)]
    results: dict[str, object] = {"learnt": len(train), "said": said}
    for what, against in (("distance", None), ("score", ood)):
        before = _processor()
        chosen = with_distances(tried, train, folds, classes, against)
        measure = fit_measure(tried.features.measured, train.labels, classes, against)
        taken = round(_processor() - before, 1)
        held_out, own, foreign = (
            Scores(probe.probabilities(one.upright), distances_by(measure, one.measured)) for one in asked
        )
        deciding = (
            held_out if chosen.answers.pictures is None else joined([held_out, chosen.answers.pictures])
        )
        contract, _ = fit_contract(
            deciding,
            np.concatenate([parts.validation.labels, train.labels]),
            data.labels,
            are_photos=True,
            accuracy=ACCEPTED_OF_OWN,
            unfamiliar=FAMILIARITY_THRESHOLD if against is None else FAMILIARITY_OF_OWN,
        )
        truth = np.repeat([0, 1], [len(data.test), len(strange)])
        right = own.probabilities.argmax(axis=1) == data.test.labels
        results[what] = {
            "processor_seconds": taken,
            "auroc": float(roc_auc_score(truth, joined([own, foreign]).distances)),
            "known": _decided(contract, own, right),
            "others": _decided(contract, foreign, np.zeros(len(strange), np.bool_)),
        }
    return results


def _decided(contract: ModelContract, scores: Scores, right: NDArray[np.bool_]) -> dict[str, float]:
    """The shares that are accepted and `unfamiliar`, and of right ones among the accepted."""
    reasons = _reasons(contract, scores)
    accepted = np.array([one is None for one in reasons])
    return {
        "n": len(reasons),
        "accepted": float(accepted.mean()),
        "right_of_accepted": float(right[accepted].mean()) if accepted.any() else 0.0,
        "unfamiliar": float(np.mean([one == "unfamiliar" for one in reasons])),
    }


def _reasons(contract: ModelContract, scores: Scores) -> list[Reason | None]:
    if contract.familiarity is None or scores.distances is None:
        raise SystemExit("a release without distances")
    temperature, thresholds = (
        Calibration(temperature=contract.temperature),
        contract.thresholds_of("plain"),
    )
    return [
        decide(max(calibrate(row, temperature)), familiarity_of(far, contract.familiarity), thresholds)[1]
        for row, far in zip(scores.probabilities.tolist(), scores.distances.tolist(), strict=True)
    ]


if __name__ == "__main__":
    sys.exit(main())
