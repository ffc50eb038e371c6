"""Keep which photos of a product a person saw, to notice later that one of them was replaced.

An answer about the product `A-17` was given to the photos a.jpg and b.jpg. If another picture takes the place
of b.jpg later, nobody saw it, and the product has to be asked about again.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Set
from typing import Final, TypeAlias

from labelling.journal.locked_database import LockedDatabase

_PHOTOS_OF_PRODUCTS: Final = """
SELECT DISTINCT product, sha256 FROM current JOIN photos USING (path, stamp)
WHERE error = '' AND product IN (SELECT value FROM json_each(?))
"""

_ANSWERS_WITHOUT_PHOTOS: Final = """
SELECT sha256, attribute, product FROM answers WHERE product <> '' AND NOT EXISTS (
    SELECT 1 FROM seen_photos AS seen WHERE seen.sha256 = answers.sha256
    AND seen.attribute = answers.attribute AND seen.product = answers.product
)
"""

_FORGET_PHOTOS: Final = "DELETE FROM seen_photos WHERE sha256 = ? AND attribute = ? AND product = ?"

_ADD_PHOTO: Final = "INSERT INTO seen_photos VALUES (?, ?, ?, ?)"

AnswerKey: TypeAlias = tuple[str, str, str]
"""The key of an answer in the journal: sha256 of a photo, attribute ('' for the class), and product."""


def keep_seen_photos(database: LockedDatabase, cards: Mapping[AnswerKey, Set[str]]) -> None:
    """Store the photos that people saw before they answered about products, in place of earlier ones.

    Args:
        database: the open journal of a table.
        cards: the sha256 of the photos that the card of a question showed, by the key of the answer; an empty
            set if they are not known.
    """
    present_photos = defaultdict[str, set[str]](set)
    # One query for all products: the journal may list millions of photos.
    products = json.dumps(list({product for *_, product in cards}))
    for product, sha256 in database.query(_PHOTOS_OF_PRODUCTS, products) if cards else ():
        present_photos[product].add(sha256)
    for key, card_photos in cards.items():
        sha256, _, product = key
        seen_hashes = {sha256, *card_photos}
        # A card shows only the first photos of a large product, so the others count as seen, too. But if a
        # photo of the card is gone by now, the product may have one that nobody saw.
        if seen_hashes <= present_photos[product]:
            seen_hashes |= present_photos[product]
        database.execute(_FORGET_PHOTOS, *key)
        database.execute_many(_ADD_PHOTO, [(*key, photo) for photo in seen_hashes])


def complete_seen_photos(database: LockedDatabase) -> None:
    """Store the present photos of a product for each answer that has none, as those from version 2.0.0."""
    keep_seen_photos(database, {key: frozenset() for key in database.query(_ANSWERS_WITHOUT_PHOTOS)})


def read_seen_photos(database: LockedDatabase) -> dict[AnswerKey, set[str]]:
    """Return the sha256 of the photos that people saw before they answered, by the key of the answer."""
    photos = defaultdict[AnswerKey, set[str]](set)
    for sha256, attribute, product, photo in database.query("SELECT * FROM seen_photos"):
        photos[sha256, attribute, product].add(photo)
    return dict(photos)
