"""The kinds of garments, such as `skirt` or `closed shoe`.

They are the names by which a product's title, the answer to its photo, and a person's answer can be compared.
"""

from collections.abc import Iterable
from typing import Final

KIND: Final = "kind"
"""The name of the attribute that names a garment as shops do (`skirt`, `closed shoe`)."""

KINDS: Final = (
    *("top", "shirt", "pullover", "coat", "dress", "trousers", "sneaker", "sandal", "boot", "bag"),
    *("skirt", "shorts", "closed shoe", "underwear", "hat", "glasses", "watch", "jewellery", "belt"),
    *("vest", "jumpsuit", "set", "nightwear", "socks", "scarf", "gloves", "tie", "wallet", "saree"),
)
"""All kinds of garments. The first ten are the classes of Fashion-MNIST, and are admitted by no other."""

GARMENT_SET_KIND: Final = "set"
"""The kind of several garments that are sold as one."""


def sort_kinds(kinds: Iterable[str]) -> list[str]:
    """Return kinds sorted as in KINDS; names that are no kind come last."""
    return sorted(kinds, key=lambda kind: (*KINDS, kind).index(kind))
