"""Remove what nobody will go back to: orphans of interrupted publishing, and releases long replaced.

Deletes from the store alone; never current, never a promotion record. What rolling back walks through:
rollback.py.
"""

from datetime import UTC, datetime, timedelta

from model_store.catalogue import Stored, stored
from model_store.promotions import history
from model_store.rollback import lineage
from model_store.store import Store


def orphans(store: Store) -> list[Stored]:
    """Folders under releases/ that no promotion names: unfinished, refused, beaten, or not promoted yet."""
    named = {promotion.version for promotion in history(store)}
    return [release for release in stored(store) if release.version not in named]


def prunable(store: Store, keep: int, older_than: timedelta | None = None) -> list[Stored]:
    """Choose what `prune` would remove.

    Kept are the `keep` releases that were current last and the `keep` that rolling back would walk through;
    they differ after a rollback. Everything else goes.

    Args:
        store: where.
        keep: 1 or more; current is one of them.
        older_than: how long ago an orphan was last written to, at least, by the store's clock; None takes
            all. It spares a publishing that is under way; one that is not spared ends with an error and
            leaves current alone.
    """
    log = history(store)
    recent = list(dict.fromkeys(promotion.version for promotion in reversed(log)))
    kept = {*recent[:keep], *lineage(log)[-keep:]}
    spared = set() if older_than is None else _written_since(store, datetime.now(UTC) - older_than)
    return [release for release in stored(store) if release.version not in kept | spared]


def prune(store: Store, keep: int, older_than: timedelta | None = None) -> list[Stored]:
    """Remove what `prunable` chooses, and return it."""
    removed = prunable(store, keep, older_than)
    for release in removed:
        _remove(store, release)
    return removed


def _written_since(store: Store, moment: datetime) -> set[str]:
    """Orphans that something was written to since."""
    return {
        release.version
        for release in orphans(store)
        if max(entry.modified for entry in release.entries) > moment
    }


def _remove(store: Store, release: Stored) -> None:
    # Without its manifest a release counts as unfinished, so nobody takes what is left for whole.
    keys = sorted(
        (entry.key for entry in release.entries), key=lambda key: not key.endswith("/manifest.json")
    )
    for key in keys:
        store.delete(key)
