"""Logs of promotions in short, as tables of cases have them."""

import json
from collections.abc import Mapping

from model_store.promotions import append_promotion, read_newest_promotion
from model_store.records import PromotionReason
from model_store.store import Store
from model_store.store_keys import PROMOTIONS, make_promotion_key

REASONS: dict[str, PromotionReason] = {"+": "promote", "-": "rollback"}


def write_log(store: Store, steps: str, versions: Mapping[str, str]) -> None:
    """Append a record for each step.

    Args:
        store: whose log may have records already.
        steps: `+A` promotes A, `-A` rolls back to it, `?` cannot be read; `+a` and `-a` as version 1.0 wrote
        versions: by the letters.
    """
    before = None
    for number, step in enumerate(steps.split(), len(store.list_entries(PROMOTIONS)) + 1):
        version = versions.get(step[-1].upper())
        if version is None:
            store.create(make_promotion_key(number), b"{")
        elif step[1].isupper():
            append_promotion(store, version, REASONS[step[0]], "ann", read_newest_promotion(store))
        else:
            record = {"version": version, "previous": before, "reason": REASONS[step[0]], "by": "ann"}
            record |= {"at": "2026-11-20T10:20:00Z", "nonce": str(number)}
            store.create(make_promotion_key(number), json.dumps(record).encode())
        before = version
