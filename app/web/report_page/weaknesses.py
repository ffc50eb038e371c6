"""What a model is bad at, as sentences that its report bears out. Pure.

Nothing here knows any class: the sentences name the worst of whatever was measured.
"""

from typing import Final

from app.web.report_page.heat import confusions
from app.web.report_page.wording import area, count, percent, share_interval
from model_store.report import Report, TestFigures

SURE: Final = 0.95
"""An area under the curve above which a kind of foreign picture is told apart well enough not to be named."""

PAIRS: Final = 3


def weaknesses(report: Report) -> tuple[str, ...]:
    """The class that is missed most, the pairs that are confused most, photos, and foreign pictures."""
    return (*_missed(report.test), *_confused(report), *_photos(report), *_foreign(report))


def _missed(test: TestFigures) -> tuple[str, ...]:
    measured = {label: one for label, one in test.per_class.items() if one.support and one.recall < 1}
    if not measured:
        return ()
    label, worst = min(measured.items(), key=lambda item: item[1].recall)
    between = share_interval(worst.recall, worst.support)
    return (f"{label} is recognised least often: {percent(worst.recall)} (95% interval {between}).",)


def _confused(report: Report) -> tuple[str, ...]:
    return tuple(
        f"{one.truth} is taken for {one.predicted} in {one.count:,} of {one.of:,} ({percent(one.share)})."
        for one in confusions(report.test.confusion_matrix, report.labels, PAIRS)
    )


def _photos(report: Report) -> tuple[str, ...]:
    return tuple(
        f"On photos of tier {name}, {label} is recognised least often: {percent(one.recall)} of "
        f"{count(one.n, 'photo')}."
        for name, tier in report.photos.items()
        if tier.per_class
        for label, one in [min(tier.per_class.items(), key=lambda item: item[1].recall)]
        if one.recall < 1
    )


def _foreign(report: Report) -> tuple[str, ...]:
    return tuple(
        f"The familiarity tells pictures of {kind} from the test set only with an AUROC of "
        f"{area(one.familiarity_auroc)}; {percent(one.reviewed)} of them are reviewed all the same."
        for kind, one in report.out_of_scope.items()
        if one.familiarity_auroc is not None and one.familiarity_auroc < SURE
    )
