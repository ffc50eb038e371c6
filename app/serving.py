"""The model being served, and the one reference through which it is swapped.

A request takes `models.current` once and keeps it to its end, so no answer mixes two releases. Opening a
release is loading.py, following the promotions following.py.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from inference.classifier import Classifier
from inference.contract import ModelContract
from model_store.errors import StoreError
from model_store.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class Served:
    """One model, warm, with everything that is told about it.

    Attributes:
        report: the bytes of its evaluation, as `/metrics` answers them.
        manifest: None for a bare artifact.
        number: of the promotion that made it current; None when it was not found through one.
        stale_since: when the store was last heard from, if this model came from the cache instead.
    """

    version: str
    classifier: Classifier
    contract: ModelContract
    report: bytes
    manifest: Manifest | None
    number: int | None = None
    stale_since: datetime | None = None


@dataclass(frozen=True)
class Refusal:
    """A promoted release that is not served, and why."""

    number: int
    version: str
    reason: str


@dataclass(frozen=True)
class StoreTrouble:
    """The store's last error while following it, and since when it has had one."""

    error: StoreError
    since: datetime


@dataclass
class Models:
    """The holder of what is served. One writer (the follower), many readers.

    Every attribute is replaced whole, never changed in place: an assignment is atomic in CPython.
    """

    current: Served
    refusals: tuple[Refusal, ...] = field(default=())
    trouble: StoreTrouble | None = None
    draining: bool = False

    def swap(self, served: Served) -> None:
        """Serve another model from the next request on."""
        self.current = served

    def refuse(self, refusal: Refusal) -> None:
        """Remember a release that is never to be tried again."""
        self.refusals = (*self.refusals, refusal)

    def store_answered(self) -> None:
        """The store works: nothing is stale any more."""
        self.trouble = None
        if self.current.stale_since is not None:
            self.current = replace(self.current, stale_since=None)

    def store_failed(self, error: StoreError, now: datetime) -> None:
        """The store does not work; what is served may be outdated from the first failure on."""
        since = self.trouble.since if self.trouble else now
        self.trouble = StoreTrouble(error, since)
        if self.current.stale_since is None:
            self.current = replace(self.current, stale_since=since)
