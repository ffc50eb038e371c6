"""Compare what two releases accept with the words of titles, for the gate, and check the numbers behind it.

The figures of a report say, for each threshold that was tried, how many photos of each set are accepted with
a right word, and which share of the accepted answers is right at least.
"""

from collections.abc import Iterator
from typing import Final

from model_store.errors import ReleaseCorrupt
from reports.word_figures import WordFigures, WordsOf

MAX_WORDS_DROP: Final = 0.1
"""Fewer accepted answers with words, as a share of the photos of a set, at which a release is refused."""

MIN_THRESHOLD: Final = 0.5
"""A kind is accepted only with a higher probability than this, because otherwise two kinds could have it."""

FACTOR_RANGE: Final = (1e-6, 0.5)
"""Least and largest factor of a kind that a word does not name. A smaller one lets a word overrule any photo,
and with a larger one it says nearly nothing."""


def check_word_numbers(words: WordFigures | None, address: str) -> None:
    """Refuse a threshold or a factor with which words would accept everything, or nothing.

    A threshold of None is valid: then words accept nothing.

    Args:
        words: the figures of a report; None is valid.
        address: the path or URL of the report, for messages.

    Raises:
        ReleaseCorrupt: a number is outside of its range; the message names it.
    """
    for fault in list_invalid_numbers(words):
        raise ReleaseCorrupt(f"{address}: words: {fault}. Measure the release again and publish it.")


def list_invalid_numbers(words: WordFigures | None) -> Iterator[str]:
    """Yield a clause for each threshold and factor of a report that is outside of its range."""
    if words is None:
        return
    threshold = words.named.threshold
    if threshold is not None and not MIN_THRESHOLD < threshold < 1:
        yield f"the threshold {threshold:g} is not between {MIN_THRESHOLD:g} and 1"
    least, largest = FACTOR_RANGE
    for name in ("wrong_word", "wrong_broad_word", "wrong_person"):
        if not least <= (factor := getattr(words, name)) <= largest:
            yield f"the factor {name} is {factor:g}, and has to be {least:g} to {largest:g}"


def list_word_losses(candidate: WordFigures | None, current: WordFigures | None) -> Iterator[str]:
    """Yield a clause for each way in which words accept less with a new release, or without a proof.

    Args:
        candidate: the figures of the release that is to become current; None if it has none.
        current: the figures of the current release; None if it has none.
    """
    yield from list_invalid_numbers(candidate)
    if current is None or current.named.threshold is None:
        return
    if candidate is None:
        yield "it has no figures of them"
        return
    if candidate.named.threshold is None:
        yield f"they accept nothing, before from {current.named.threshold:g}"
        return
    if candidate.network != current.network:
        yield f"they were measured with the network {candidate.network}, before {current.network}"
        return
    figures = candidate.named.find_figures(candidate.named.threshold)
    if figures is None:
        yield f"nothing was measured at the threshold {candidate.named.threshold:g}"
        return
    current_figures = current.named.find_figures(current.named.threshold)
    for name, before in current_figures.sets.items() if current_figures else ():
        yield from _list_set_losses(name, figures.sets.get(name), before)


def _list_set_losses(name: str, figures: WordsOf | None, before: WordsOf) -> Iterator[str]:
    """Yield a clause if one set of photos is missing, does not show its share, or is accepted less."""
    if figures is None:
        yield f"set {name} is not measured, before {_format_accepted(before)}"
        return
    needed = figures.needed_lower_bound or before.needed_lower_bound
    bound = figures.right_lower_bound or 0.0
    if needed is not None and bound < needed:
        yield f"set {name}: {bound:.1%} are right at least, and {needed:.1%} are needed"
    if before.n and before.accepted / before.n - figures.accepted / max(1, figures.n) >= MAX_WORDS_DROP:
        yield f"set {name}: {_format_accepted(figures)}, before {_format_accepted(before)}"


def _format_accepted(figures: WordsOf) -> str:
    return f"{figures.accepted:,} of {figures.n:,} accepted"
