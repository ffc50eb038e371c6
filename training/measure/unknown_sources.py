"""Measure a release on photos of shops and people that the heads which answered them have not learnt.

Photos of one source are alike, so a share of right answers is shown for a new source by many sources, not by
many photos: below `FEW_SOURCES` there is no bound. Pure. The section: reports/values.py.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from reports.answers import Answers
from reports.intervals import needed, share_interval, weighted
from reports.values import FEW_SOURCES, UnknownSource, UnknownSources
from training.data.photos import OOD_TIER
from training.decide.requirements import ACCEPTED_OF_PHOTOS
from training.measure.photos import measured_tiers


def tiers_that_unknown_sources_decide(answers: Answers) -> list[str]:
    """Tiers with FEW_SOURCES unknown sources, and as many known photos of these as a promise takes."""
    unknown = answers.take(answers.of_unknown_sources & answers.known)
    return [
        tier
        for tier in np.unique(unknown.sets).tolist()
        if len(np.unique(unknown.of_set(tier).sources)) >= FEW_SOURCES
        and len(unknown.of_set(tier)) >= needed(ACCEPTED_OF_PHOTOS)
    ]


def that_decide(answers: Answers) -> Answers:
    """The answers that choose temperature and threshold: of unknown sources alone, in the tiers above.

    A shop that uses the release is a further source, and photos of known ones are answered better.
    """
    tiers = tiers_that_unknown_sources_decide(answers)
    return answers.take(answers.of_unknown_sources | ~np.isin(answers.sets, tiers))


def unknown_figures(answers: Answers, labels: Sequence[str]) -> dict[str, UnknownSources]:
    """The figures of each tier, by its name, of `Answers.of_unknown_sources`; none where there are none.

    Args:
        answers: to photos, decided.
        labels: of the classes, by index.
    """
    unknown = answers.take(answers.of_unknown_sources)
    tiers = measured_tiers(unknown)
    ood = unknown.take(tiers == OOD_TIER)
    names = [str(tier) for tier in np.unique(tiers) if tier != OOD_TIER]
    return {tier: _of_tier(unknown.take(tiers == tier), ood, labels) for tier in names}


def of_known_sources(answers: Answers) -> NDArray[np.bool_]:
    """Bool (N,), which answers the figures of tiers are of: all of a tier that has no known source."""
    tiers, unknown = measured_tiers(answers), answers.of_unknown_sources
    return np.asarray(~unknown | ~np.isin(tiers, tiers[~unknown]))


def _of_tier(garments: Answers, ood: Answers, labels: Sequence[str]) -> UnknownSources:
    shown, of_source = Counter(garments.truth.tolist()), np.unique(garments.sources, return_inverse=True)[1]
    counts = {str(name): _counts(garments, garments.sources == name) for name in np.unique(garments.sources)}
    return UnknownSources(
        of_all=_counts(garments, np.ones(len(garments), np.bool_)),
        sources=counts,
        lower_bound=_lower_bound(garments),
        auroc=_auroc(garments, ood),
        interval=share_interval(garments.right, of_source) if len(counts) >= FEW_SOURCES else None,
        classes={labels[index]: n for index, n in sorted(shown.items())},
    )


def _counts(answers: Answers, which: NDArray[np.bool_]) -> UnknownSource:
    return UnknownSource(
        n=int(which.sum()),
        right=int((which & answers.right).sum()),
        accepted=int((which & answers.accepted).sum()),
        accepted_right=int((which & answers.accepted & answers.right).sum()),
    )


def _lower_bound(garments: Answers) -> float | None:
    """Of the share of right ones among accepted answers of a further source; None for too few sources."""
    accepted = garments.take(garments.accepted)
    names, groups = np.unique(accepted.sources, return_inverse=True)
    if len(names) < FEW_SOURCES:
        return None
    return float(weighted(~accepted.right, groups, np.array([len(accepted)])).lower_bounds()[0])


def _auroc(garments: Answers, ood: Answers) -> float | None:
    """Of the familiarity, against photos of unknown sources that show none of the classes."""
    familiarities = np.concatenate([garments.familiarity, ood.familiarity])
    if not len(ood) or np.isnan(familiarities).any():
        return None
    return float(roc_auc_score(np.repeat([1, 0], [len(garments), len(ood)]), familiarities))
