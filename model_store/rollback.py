"""Which release was current before this one, as a user counts.

Rolling back twice walks back twice: the log A, B, C, rollback to B leads to A next, not to C.
"""

from collections.abc import Iterable

from model_store.catalogue import versions
from model_store.errors import NothingPromoted
from model_store.promotions import Promotion, append, current, history, require_conditional_writes
from model_store.store import Store


def roll_back(store: Store, by: str, *, unconditional: bool = False) -> Promotion:
    """Make the release before current's current again.

    Releases that are no longer in the store are passed over, also one that is deleted at this moment.

    Args:
        store: where.
        by: who does it, for the log.
        unconditional: even where the store ignores conditional writes.

    Raises:
        NothingPromoted: there is no earlier release to go to.
        UnconditionalStore: the store ignores conditional writes.
        LostRace: another promotion came first.
    """
    if not unconditional:
        require_conditional_writes(store)
    while True:
        holding, there = current(store), versions(store)
        earlier = [version for version in lineage(history(store))[:-1] if version in there]
        if not earlier:
            raise NothingPromoted(
                f"{store.address}: {holding.version} is current, and no earlier release is in the store. "
                "Publish or promote one instead."
            )
        promotion = append(store, earlier[-1], "rollback", by, holding)
        if promotion.version in versions(store):
            return promotion


def lineage(log: Iterable[Promotion]) -> list[str]:
    """The releases that rolling back walks through, oldest first; the last is current.

    A promotion puts its release on top, a rollback takes off all above the one that it went to.
    """
    stack: list[str] = []
    for promotion in log:
        if promotion.reason == "rollback" and promotion.version in stack:
            while stack[-1] != promotion.version:
                stack.pop()
        elif stack[-1:] != [promotion.version]:
            stack.append(promotion.version)
    return stack
