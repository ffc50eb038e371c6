"""Match the labels of a model with the classes of a data set, which people spell in different ways."""

from collections.abc import Sequence


def match_class_names(labels: Sequence[str], names: Sequence[str]) -> list[int | None]:
    """Return the class that each label means, as its position among the names of the data's classes.

    Capitals, punctuation and a plural are ignored, and one side of a slash is enough: `t-shirts` means the
    class `T-shirt/top`.

    Returns:
        A position for each label; None if no name fits, or if an earlier label has it.
    """
    positions = {
        spelling: position for position, name in enumerate(names) for spelling in _list_spellings(name)
    }
    matches = [positions.get(_simplify_name(label)) for label in labels]
    return [None if match in matches[:place] else match for place, match in enumerate(matches)]


def _list_spellings(name: str) -> set[str]:
    """Return a class name and its parts around slashes, simplified: `tshirttop`, `tshirt` and `top`."""
    return {_simplify_name(spelling) for spelling in (name, *name.split("/"))}


def _simplify_name(name: str) -> str:
    """Return a name without capitals, punctuation and the plural's s: `tshirt` for `T-shirts`."""
    letters = "".join(filter(str.isalnum, name.casefold()))
    # `Dress` is no plural.
    return letters if letters.endswith("ss") else letters.removesuffix("s")
