"""Which labels of a table are learnt, and what a person hears of the others."""

from collections.abc import Mapping, Sequence

import pytest

from training.errors import BadClasses
from training.pictures.rare import GROUPS_OF_ATTRIBUTE, Measurable, measurable

Table = Sequence[tuple[str, str]]
"""Labels and groups."""


def found(table: Table, tested: Sequence[bool] = (), **asked: object) -> Measurable:
    labels, groups = zip(*table, strict=True)
    return measurable("table.csv", labels, groups, tested, **asked)  # type: ignore[arg-type]


def brands(counts: Mapping[str, int], each: int = 5) -> list[tuple[str, str]]:
    """Pictures of so many brands for each label."""
    return [(label, f"brand {at // each}") for label, count in counts.items() for at in range(each * count)]


SHOP = {f"Kind {letter}" * 3: 12 for letter in "ABCDEFGHIJKLM"} | {"Trunk": 2}
DESIGNER = {f"Kind {letter}" * 3: 4 for letter in "ABCDEFGH"} | {"Pants": 2}


@pytest.mark.parametrize(("table", "rare"), [(SHOP, "Trunk"), (DESIGNER, "Pants")])
def test_a_label_of_two_groups_is_left_out_and_named_with_what_it_needs(
    table: Mapping[str, int], rare: str
) -> None:
    kept = found(brands(table))

    assert kept.labels == tuple(sorted(table.keys() - {rare}))
    said = kept.of_rare("table.csv")
    assert said.startswith(
        f"table.csv: too few pictures or groups of {rare!r} (10 pictures of 2 groups, and needs 3"
    )


@pytest.mark.parametrize(
    ("rare", "tested", "needs", "labels"),
    [
        ([("c", "1")] * 3 + [("c", "2")] * 2, (), 3, "ab"),
        ([("c", "1")] * 3 + [("c", "2")] * 2, (), GROUPS_OF_ATTRIBUTE, "abc"),
        ([("c", "1"), ("c", "2")], (), GROUPS_OF_ATTRIBUTE, "ab"),
        ([("c", "1"), ("c", "2"), ("c", "3")], (), 3, "abc"),
        ([("c", "1"), ("c", "2"), ("c", "3")], "...", 3, "ab"),  # none of it is in the test set
        ([("", "1")] * 9, (), 3, "ab"),
    ],
)
def test_a_label_needs_three_pictures_its_groups_and_one_in_a_test_set(
    rare: Table, tested: str, needs: int, labels: str
) -> None:
    others = brands({"a": 3, "b": 3}, 1)
    of_test = [False] * len(rare) + [False] * 6 + [True] * 2 if tested else ()
    both = [("a", "4"), ("b", "4")] if tested else []

    assert found([*rare, *others, *both], of_test, needs=needs).labels == tuple(labels)


@pytest.mark.parametrize(
    ("rare", "other", "is_asked"),
    [
        ("Trosers", "Trousers", True),
        ("T-shirt", "Shirt", True),
        ("bag", "Bags", True),
        ("Hat", "Bag", False),
        ("Trunk", "Trousers", False),
        ("blau", "blue", False),
        ("Colour 1", "Colour 2", False),
    ],
)
def test_a_rare_label_is_asked_about_where_its_name_is_nearly_another(
    rare: str, other: str, is_asked: bool
) -> None:
    table = brands({rare: 2, other: 3, "Something else": 3})
    if not is_asked:
        assert [one.label for one in found(table).rare] == [rare]
        return

    with pytest.raises(BadClasses, match=f"is this a misspelling: '{rare}' [(]10[)] for '{other}'"):
        found(table)


def test_both_labels_with_nearly_one_name_are_learnt_where_both_have_enough_pictures() -> None:
    assert found(brands({"Skirt": 3, "Shirt": 3})).rare == ()


@pytest.mark.parametrize(
    ("table", "keep", "reason"),
    [
        ({"a": 3, "b": 2}, (), "1 labels have enough pictures.* Too few of 'b' .10 pictures of 2 groups"),
        ({"a": 3, "b": 3, "Trunk": 2}, ("a", "Trunk"), "made better has learnt .*'Trunk' .10 pictures of 2"),
        ({"a": 3, "b": 3}, ("a", "gone"), "made better has learnt .*'gone' .0 pictures, and needs 3"),
        ({"A": 3, "a": 3}, (), "'A' and 'a' differ in nothing but capital letters"),
    ],
)
def test_what_cannot_be_learnt_is_refused(table: Mapping[str, int], keep: Sequence[str], reason: str) -> None:
    with pytest.raises(BadClasses, match=reason):
        found(brands(table), keep=keep)
