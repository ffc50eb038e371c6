"""Which labels of a table are learnt, and what a person hears of the others."""

from collections.abc import Mapping, Sequence

import pytest

from training.data.rare import MIN_GROUPS_PER_ATTRIBUTE_LABEL, MIN_GROUPS_PER_CLASS, choose_learnable_labels
from training.errors import DataError

Table = Sequence[tuple[str, str]]
"""Labels and groups."""


def brands(counts: Mapping[str, int], each: int = 5) -> list[tuple[str, str]]:
    """Pictures of so many brands for each label."""
    return [(label, f"brand {at // each}") for label, count in counts.items() for at in range(each * count)]


def learnt(
    table: Table, needs: int = MIN_GROUPS_PER_CLASS, keep: Sequence[str] = (), tested: Table = ()
) -> str:
    """The labels that are learnt of a table, besides pictures for the test set."""
    labels, groups = zip(*table, *tested, strict=True)
    of_test = [False] * len(table) + [True] * len(tested)
    return ",".join(
        choose_learnable_labels("table.csv", labels, groups, of_test, min_groups=needs, required_labels=keep)[
            0
        ]
    )


@pytest.mark.parametrize(
    ("rare", "needs", "labels"),
    [
        ([("c", "1")] * 3 + [("c", "2")] * 2, MIN_GROUPS_PER_CLASS, "a,b"),
        ([("c", "1")] * 3 + [("c", "2")] * 2, MIN_GROUPS_PER_ATTRIBUTE_LABEL, "a,b,c"),
        ([("c", "1"), ("c", "2")], MIN_GROUPS_PER_ATTRIBUTE_LABEL, "a,b"),
        ([("c", "1"), ("c", "2"), ("c", "3")], MIN_GROUPS_PER_CLASS, "a,b,c"),
        ([("", "1")] * 9, MIN_GROUPS_PER_CLASS, "a,b"),
    ],
)
def test_a_label_needs_three_pictures_and_its_groups(rare: Table, needs: int, labels: str) -> None:
    assert learnt([*rare, *brands({"a": 3, "b": 3}, 1)], needs) == labels


def test_a_label_needs_a_picture_in_a_test_set() -> None:
    assert learnt(brands({"a": 3, "b": 3, "c": 3}), tested=[("a", "4"), ("b", "4")]) == "a,b"


@pytest.mark.parametrize(
    ("rare", "other", "is_asked"),
    [
        ("Trosers", "Trousers", True),
        ("T-shirt", "Shirt", True),
        ("bag", "Bags", True),
        ("Hat", "Bag", False),
        ("Trunk", "Trousers", False),
        ("blau", "blue", True),
        ("Colour 1", "Colour 2", False),
    ],
)
def test_a_rare_label_is_asked_about_where_its_name_is_nearly_another(
    rare: str, other: str, is_asked: bool
) -> None:
    table = [*[(rare, "1"), (rare, "2")], *brands({other: 3, "Something else": 3})]
    if not is_asked:
        assert learnt(table) == ",".join(sorted([other, "Something else"]))
        return

    with pytest.raises(DataError, match=f"is this a misspelling: '{rare}' [(]2[)] for '{other}'"):
        learnt(table)


def test_a_label_of_many_pictures_of_one_group_is_left_out_and_not_taken_for_a_misspelling() -> None:
    assert learnt([*[("Shirt", "brand")] * 9, *brands({"T-shirt": 3, "Trousers": 3})]) == "T-shirt,Trousers"


def test_both_labels_with_nearly_one_name_are_learnt_where_both_have_enough_pictures() -> None:
    assert learnt(brands({"Skirt": 3, "Shirt": 3})) == "Shirt,Skirt"


@pytest.mark.parametrize(
    ("table", "keep", "reason"),
    [
        ({"a": 3, "b": 2}, (), "1 labels have enough pictures.* Too few of 'b' .10 pictures of 2 groups"),
        ({f"label {place}": 3 for place in range(300)}, (), "300 labels .*2 to 256"),
        ({"a": 3, "b": 3, "Trunk": 2}, ("a", "Trunk"), "made better has learnt .*'Trunk' .10 pictures of 2"),
        ({"a": 3, "b": 3}, ("a", "gone"), "made better has learnt .*'gone' .0 pictures, and needs 3"),
        ({"A": 3, "a": 3}, (), "'A' and 'a' differ in nothing but capital letters"),
    ],
    ids=["one label", "300 labels", "a label to keep", "a label to keep is gone", "twins"],
)
def test_what_cannot_be_learnt_is_refused(table: Mapping[str, int], keep: Sequence[str], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        learnt(brands(table), keep=keep)
