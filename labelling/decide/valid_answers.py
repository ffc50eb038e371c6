"""Read the answers of people that are valid for the photos of a table, and count the outdated ones.

A person looked at photos before they answered. An answer about a picture belongs to the SHA-256 of its bytes,
so it is valid wherever this picture is listed. An answer about a product becomes outdated if the list has
other photos of the product by now:

    photos that the person saw    photos of the product now    the answer
    a, b                          a, b, c                      valid: a photo was added
    a, b                          a                            valid: a photo was removed
    a, b                          a, x                         outdated: b was replaced by x
    a, b                          b                            outdated: a, the first of the card, is gone
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from inference.contract import LABEL
from labelling.decide.human_answers import HumanAnswers
from labelling.journal.journal_file import Journal
from labelling.journal.seen_photos import read_seen_photos

_PICTURE_ANSWERS: Final = "SELECT sha256, attribute, label FROM answers WHERE product = ''"

_PRODUCT_ANSWERS: Final = """
SELECT sha256, attribute, product, label FROM answers WHERE product <> '' ORDER BY at, rowid
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
    is_valid: bool


def read_valid_answers(journal: Journal) -> HumanAnswers:
    """Return the valid answers of people about the pictures and products of the current listing."""
    labels = defaultdict[tuple[str, str], dict[str, str]](dict)
    for sha256, attribute, label in journal.query(_PICTURE_ANSWERS):
        labels[sha256, ""][attribute or LABEL] = label
    for answer in _read_product_answers(journal):
        if answer.is_valid:
            labels["", answer.product][answer.head] = answer.label
    return HumanAnswers(dict(labels))


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
    for sha256, attribute, product, label in journal.query(_PRODUCT_ANSWERS):
        seen_hashes = seen_photos.get((sha256, attribute, product), set())
        is_replaced = (
            not seen_hashes <= present_photos[product] and not readable_photos[product] <= seen_hashes
        )
        is_valid = sha256 in present_photos[product] and not is_replaced
        yield _ProductAnswer(product, attribute or LABEL, label, is_valid)
