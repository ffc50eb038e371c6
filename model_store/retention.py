"""Remove orphans of interrupted publishing, and releases long replaced.

Deletes from the store alone; never current, never a promotion record, and nothing that was published within
the last hour, since it may be promoted at this moment. What rolling back walks through: promotions.py.
"""

from datetime import UTC, datetime, timedelta

from model_store.catalogue import PROMOTIONS, Stored, manifest_key, stored
from model_store.errors import NothingPromoted
from model_store.promotions import current, history, lineage
from model_store.store import Store

SPARED = timedelta(hours=1)
"""Age below which a release stays: longer than sending, checking and promoting it takes."""


def prunable(store: Store, keep: int, older_than: timedelta = SPARED) -> list[Stored]:
    """Choose what `prune` would remove.

    Kept are the `keep` releases that were current last, the `keep` that rolling back would walk through
    (they differ after a rollback), and what was written to within `older_than`. Everything else goes.

    Args:
        store: where.
        keep: 1 or more; current is one of them.
        older_than: how long ago a release was last written to, at least, by the store's clock. It protects
            a publisher at work; zero protects none, and a publisher that loses its release reports an error.

    Raises:
        NothingPromoted: no promotion was read, so nothing shows which release is in use.
    """
    log = history(store)
    if not log:
        raise NothingPromoted(
            f"{store.address}/{PROMOTIONS}: no promotion is here, so nothing shows which release is in use. "
            "Nothing is removed. Promote one, or correct the address."
        )
    recent = list(dict.fromkeys(promotion.version for promotion in reversed(log)))
    kept = {*recent[:keep], *lineage(log)[-keep:]}
    newest_allowed = datetime.now(UTC) - older_than
    return [
        release
        for release in stored(store)
        if release.version not in kept and (not older_than or release.modified < newest_allowed)
    ]


def prune(store: Store, keep: int, older_than: timedelta = SPARED) -> list[Stored]:
    """Remove what `prunable` chooses, but for what has become current since; return what was removed.

    Raises:
        NothingPromoted: as `prunable`, also where the promotions disappear meanwhile.
    """
    removed = []
    for release in prunable(store, keep, older_than):
        if current(store).version != release.version:
            _remove(store, release)
            removed.append(release)
    return removed


def _remove(store: Store, release: Stored) -> None:
    # The manifest goes first: without it a release counts as unfinished and is never promoted.
    first = manifest_key(release.version)
    for entry in sorted(release.entries, key=lambda entry: entry.key != first):
        store.delete(entry.key)
