"""Translate the labels of a release into kinds of garments, so that a title can be compared with them.

A title such as "Chelsea boots" is read as a kind (`boot`). A release has labels of its own: classes such as
"Ankle boot", and the labels of its attribute `kind` if it has one. `translate_release_labels` returns the
kinds that each of its labels stands for.
"""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from inference.words.kinds import GARMENT_SET_KIND, KINDS
from inference.words.recognition import find_label_kinds

OTHER_KIND: Final = "other"
"""The label of the attribute `kind` (a garment's name in shops) for garments without a label of their own."""

NONE: Final = "none of these"
"""The class of a garment that is none of the release's classes."""


@dataclass(frozen=True, kw_only=True)
class ReleaseLabels:
    """The labels of a release, translated into kinds, the names of garments that titles are read as.

    Attributes:
        classes: the kinds of each class, in the order of the classes; empty for a class that the table lacks.
        kinds: the labels of the attribute `kind`. They are empty if the release has no such attribute, or if
            one of the labels is no kind of the table. The title does not take part in such an attribute.
    """

    classes: Mapping[str, frozenset[str]]
    kinds: tuple[str, ...] = ()

    @cached_property
    def named_kinds(self) -> frozenset[str]:
        """The kinds that a label of the release names."""
        kinds = frozenset(self.kinds) - {OTHER_KIND}
        return kinds or frozenset[str]().union(*self.classes.values())

    @property
    def has_other_kind(self) -> bool:
        """Whether the attribute `kind` has OTHER_KIND, for garments without a label of their own."""
        return OTHER_KIND in self.kinds

    @cached_property
    def kinds_of_classes(self) -> Mapping[str, frozenset[str]]:
        """The kinds of each class, with OTHER_KIND in place of those that the attribute `kind` lacks."""
        labels = frozenset(self.kinds)
        return {
            label: frozenset(kind if kind in labels else OTHER_KIND for kind in kinds)
            for label, kinds in self.classes.items()
        }

    @cached_property
    def classes_of_kinds(self) -> Mapping[str, tuple[str, ...]]:
        """The classes of each label of the attribute `kind`: empty for a kind that belongs to no class.

        OTHER_KIND has none, because it also stands for kinds that belong to no class.
        """
        return {
            kind: tuple(label for label, kinds in self.classes.items() if kind in kinds)
            for kind in self.kinds
        }

    @cached_property
    def class_by_kind(self) -> Mapping[str, str]:
        """The only class of each label of the attribute `kind`, or NONE.

        A kind that several classes share is left out. So is one of which nobody can tell: a class of unknown
        name may be of any kind, and a class of a kind without a label may be OTHER_KIND.
        """
        possible_kinds = frozenset[str]().union(*self.kinds_of_classes.values())
        whole_classes = {
            kind: classes[0] for kind, classes in self.classes_of_kinds.items() if len(classes) == 1
        }
        if not self.classes_without_kinds:
            whole_classes |= {kind: NONE for kind in self.kinds if kind not in possible_kinds}
        return whole_classes

    @cached_property
    def classes_without_kinds(self) -> frozenset[str]:
        """The classes whose names have no known word, so nobody can tell which kinds belong to them.

        A class NONE is not among them: it stands for the kinds that belong to no other class.
        """
        return frozenset(label for label, kinds in self.classes.items() if not kinds) - {NONE}

    def is_class_allowed(self, label: str | None, title_kinds: Set[str]) -> bool | None:
        """Return whether a title allows a class; None if the title or the table of words does not tell.

        If the title names only a set, classes of its parts are not allowed, only classes of sets and NONE.
        """
        kinds = self.classes.get(label or "")
        if title_kinds == {GARMENT_SET_KIND} and kinds is not None and label != NONE:
            return GARMENT_SET_KIND in kinds
        return not title_kinds.isdisjoint(kinds) if title_kinds and kinds else None

    def is_kind_allowed(self, kind: str | None, title_kinds: Set[str]) -> bool | None:
        """Return whether a title allows a kind; None if the title or the table of words does not tell."""
        if title_kinds and kind == OTHER_KIND:
            return not title_kinds <= self.named_kinds
        return kind in title_kinds if title_kinds and kind in KINDS else None


@lru_cache
def translate_release_labels(
    labels: tuple[str, ...], kinds: tuple[str, ...] | None, language: str
) -> ReleaseLabels:
    """Return the labels of a release, translated into kinds by the table of words.

    Args:
        labels: the classes.
        kinds: the labels of the attribute `kind`; None if the release has no such attribute.
        language: the language of the title, in which the names of the classes are looked up first.
    """
    known_kinds = kinds if kinds and has_known_kinds(kinds) else ()
    return ReleaseLabels(classes=find_label_kinds(labels, language), kinds=known_kinds)


def has_known_kinds(labels: Collection[str]) -> bool:
    """Return whether the labels of an attribute `kind` are kinds of the table of words, and OTHER_KIND.

    The attribute of a release can have other labels, such as "jeans slim". It is then one like any other.
    """
    return {*labels} <= {*KINDS, OTHER_KIND}
