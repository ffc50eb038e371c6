"""Decide for whom a product is made: by its list, then by the owner's defaults."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from inference.contract import LABEL
from inference.words.kinds import KIND
from labelling.decide.product_titles import find_parent_folder
from labelling.lists.customer_columns import Topic
from labelling.lists.listed_customers import ListedCustomerReader
from labelling.rows import CustomerValue, HeadDecision, ProductCustomers, ProductRecord

NOT_WORN_KINDS: Final = frozenset({"bag", "wallet"})
"""Kinds of products that nobody wears. The owner's defaults say nothing about them."""

OPTION_BY_TOPIC: Final[Mapping[Topic, str]] = {"gender": "--gender", "age_group": "--age-group"}
"""The options of `wardrobe label` with the owner's defaults."""


@dataclass(frozen=True, kw_only=True)
class CustomerDecider:
    """The sources of gender and age group of a run: its list, and the owner's defaults.

    Attributes:
        reader: the reader of the list.
        gender: the gender of products that the list leaves open; empty for none.
        age_group: the age group of products that the list leaves open; empty for none.
    """

    reader: ListedCustomerReader
    gender: str = ""
    age_group: str = ""

    def decide_customers(
        self, record: ProductRecord, decisions: Mapping[str, HeadDecision], kinds: Iterable[str]
    ) -> ProductCustomers:
        """Return for whom a product is made.

        Args:
            decisions: the decisions about the product, by head.
            kinds: the kinds of garment that the product can be by its class or its title.
        """
        photos = record.photos
        customers = self.reader.read_customers(
            [photo.cells for photo in photos], find_parent_folder(photos[0].path)
        )
        if not (self.gender or self.age_group) or not _is_worn(decisions, kinds):
            return customers
        # What the list contradicts is not open: the owner's default might be the wrong one of the two.
        if customers.contradiction:
            return customers
        return customers._replace(
            gender=_fill(customers.gender, self.gender, OPTION_BY_TOPIC["gender"]),
            age_group=_fill(customers.age_group, self.age_group, OPTION_BY_TOPIC["age_group"]),
        )


def _fill(value: CustomerValue, default: str, option: str) -> CustomerValue:
    return CustomerValue(default, default, option, "option") if default and not value.value else value


def _is_worn(decisions: Mapping[str, HeadDecision], kinds: Iterable[str]) -> bool:
    """Return whether a product is known to be something that people wear."""
    kind = decisions.get(KIND)
    if kind and kind.is_settled and kind.label:
        return kind.label not in NOT_WORN_KINDS
    possible_kinds = frozenset(kinds)
    return bool(possible_kinds) and possible_kinds.isdisjoint(NOT_WORN_KINDS)


def find_possible_kinds(
    decisions: Mapping[str, HeadDecision],
    class_kinds: Mapping[str, frozenset[str]],
    title_kinds: frozenset[str],
) -> frozenset[str]:
    """Return the kinds that a product can be by its settled class, or else by its title.

    Args:
        class_kinds: the kinds of each class of the release.
        title_kinds: the kinds that its titles allow.
    """
    decision = decisions.get(LABEL)
    settled_kinds = (
        class_kinds.get(decision.label or "", frozenset())
        if decision and decision.is_settled
        else frozenset()
    )
    return settled_kinds or title_kinds
