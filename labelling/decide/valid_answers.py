"""Read the answers of people that are valid for the photos of a table, and count the outdated ones.

A person looked at photos before they answered. An answer about a picture belongs to the SHA-256 of its bytes,
so it is valid wherever this picture is listed. An answer about a product becomes outdated if the list has
other photos of the product by now:

    photos that the person saw    photos of the product now    the answer
    a, b                          a, b, c                      valid: a photo was added
    a, b                          a                            valid: a photo was removed
    a, b                          a, x                         outdated: b was replaced by x
    a, b                          b                            outdated: a, the first of the card, is gone

If a person changes an answer about the class, an earlier answer about the kind can contradict it: first `none
of these` and the kind `watch`, then `Dress`. Then the later one of the two is used.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.release_labels import NONE
from inference.words.kinds import KIND
from inference.words.recognition import find_label_kinds, recognise_language
from labelling.decide.human_answers import HumanAnswers
from labelling.journal.human_answer import LEFT_OUT_LABEL, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.journal.seen_photos import read_seen_photos

_PICTURE_ANSWERS: Final = "SELECT sha256, attribute, label, at FROM answers WHERE product = ''"

_PRODUCT_ANSWERS: Final = """
SELECT sha256, attribute, product, label, at FROM answers WHERE product <> '' ORDER BY at, rowid
"""

_PRESENT_PHOTOS: Final = """
SELECT DISTINCT product, sha256, error = '' FROM current JOIN photos USING (path, stamp)
WHERE sha256 <> '' AND product IN (SELECT product FROM answers WHERE product <> '')
"""


class _ProductAnswer(NamedTuple):
    """An answer of a person about a product, and whether it is valid for the photos of now."""

    product: str
    head: str
    label: str
    answered_at: str
    is_valid: bool


def read_valid_answers(journal: Journal) -> HumanAnswers:
    """Return the valid answers of people about the pictures and products of the current listing."""
    answers = defaultdict[tuple[str, str], dict[str, HumanAnswer]](dict)
    for sha256, attribute, label, answered_at in journal.query(_PICTURE_ANSWERS):
        answers[sha256, ""][attribute or LABEL] = HumanAnswer(label, answered_at)
    for answer in _read_product_answers(journal):
        if answer.is_valid:
            answers["", answer.product][answer.head] = HumanAnswer(answer.label, answer.answered_at)
    classes = journal.settings.heads[LABEL]
    class_kinds = find_label_kinds(classes, recognise_language(classes)) if answers else {}
    return HumanAnswers({subject: _select_labels(heads, class_kinds) for subject, heads in answers.items()})


def _select_labels(
    answers: Mapping[str, HumanAnswer], class_kinds: Mapping[str, frozenset[str]]
) -> dict[str, str]:
    """Return the labels of answers about one picture or product.

    If class and kind contradict each other, the later one is used. If this is the kind, the class follows.

    Args:
        answers: the answers by head (class or attribute).
        class_kinds: the possible kinds of each class of the release.
    """
    labels = {head: answer.label for head, answer in answers.items()}
    classes = [label for label, kinds in class_kinds.items() if labels.get(KIND) in kinds] or [NONE]
    if (
        not labels.get(LABEL)
        or labels.get(KIND) in {None, LEFT_OUT_LABEL, NONE}
        or not class_kinds.get(labels[LABEL], labels[LABEL] == NONE)
        or labels[LABEL] in classes
        or answers[LABEL].answered_at == answers[KIND].answered_at
    ):
        return labels
    if answers[LABEL].answered_at > answers[KIND].answered_at:
        del labels[KIND]
    elif len(classes) == 1:
        labels[LABEL] = classes[0]
    else:
        del labels[LABEL]
    return labels


def count_outdated_answers(journal: Journal) -> int:
    """Return the number of answers about products that are outdated, because photos were replaced."""
    return sum(not answer.is_valid for answer in _read_product_answers(journal))


def _read_product_answers(journal: Journal) -> Iterator[_ProductAnswer]:
    """Yield the answers about products, the latest one last."""
    seen_photos = read_seen_photos(journal)
    present_photos = defaultdict[str, set[str]](set)
    readable_photos = defaultdict[str, set[str]](set)
    for product, sha256, is_readable in journal.query(_PRESENT_PHOTOS):
        present_photos[product].add(sha256)
        if is_readable:
            readable_photos[product].add(sha256)
    for sha256, attribute, product, label, answered_at in journal.query(_PRODUCT_ANSWERS):
        seen_hashes = seen_photos.get((sha256, attribute, product), set())
        is_replaced = (
            not seen_hashes <= present_photos[product] and not readable_photos[product] <= seen_hashes
        )
        is_valid = sha256 in present_photos[product] and not is_replaced
        yield _ProductAnswer(product, attribute or LABEL, label, answered_at, is_valid)
