"""Open the model that the settings name, warm and checked.

Bundled, a folder, an S3 prefix, or a bare `.keras` in either (bare.py). Where current must not be served, the
newest promoted release before it that can be is; where the store has none, the cache's last good release.
Either is reported as stale. The bundled release never replaces a store that the settings name.
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from app.prediction.categories import categories_of
from app.releases.accept_target import with_target
from app.releases.bare import open_bare_model
from app.releases.serving import Models, Refusal, Served
from app.settings import CURRENT, Settings
from inference.errors import ModelError
from model_store.cache import cache_folder, last_good, prune_cache, pull, pull_bare, remember, store_in
from model_store.deadlines import at_most
from model_store.errors import (
    NotFound,
    OutOfTime,
    ReleaseError,
    ReportInvalid,
    SignatureMissing,
    StoreError,
)
from model_store.files import FIGURES, REPORT, expanded
from model_store.local import BareArtifact, LocalRelease, bundled, open_release
from model_store.networks import open_networks
from model_store.promotions import Promotion, Unread, backwards, fallbacks, newest_record, was_left
from model_store.signing import TrustedKeys, trusted_keys
from model_store.store import Store, open_store
from model_store.trial import try_release
from reports.values import check_report, report_of

log = logging.getLogger("wardrobe")

START_SECONDS = 75
"""For all that a start asks of the store, the cache's lock and a new release; gunicorn.conf.py gives a worker
120 s to start."""

NOTE_SECONDS = 10
"""For what a start can do without: to note what it serves, and to look whether a rollback left it."""

REFUSED = (ReleaseError, NotFound, ModelError)
"""What is wrong with a release itself, so that trying again would not mend it."""


def store_of(settings: Settings) -> Store | None:
    """The store that the settings name; None where they name a release itself, bundled or a folder.

    Raises:
        BadAddress: it is neither a folder nor an S3 prefix.
    """
    return None if store_in(settings.model_store) is None else open_store(settings.model_store)


def load(settings: Settings, store: Store | None) -> Models:
    """Open the first model to serve, and return the faults that were found on the way.

    The bundled release is part of this program and needs no signature: who could change one could change the
    other. A release's own folder is served like it, and follows nothing.

    Raises:
        StoreError: none is available, not even in the cache.
        ModelError: it is there and cannot be run.
        SettingsError: the file of the platform's categories cannot be read.
    """
    if store is None:
        return Models(_adapted(settings, open_release_model(_release_named(settings))))
    if settings.model_version != CURRENT:
        with at_most(START_SECONDS):
            release = _pulled(settings, store, settings.model_version)
        return Models(_adapted(settings, open_release_model(release)))
    refusals: list[Refusal] = []
    newest: Promotion | Unread | None = None
    try:
        with at_most(START_SECONDS):
            newest = newest_record(store)
            if newest is None:
                return Models(_load_bare(settings, store))
            models = Models(load_newest(settings, store, newest, refusals))
    except (StoreError, ModelError) as error:
        models = _load_cached(settings, store, error, newest)
        if not (refusals and isinstance(error, REFUSED)):
            models.store_failed(error, datetime.now(UTC))
    for refusal in reversed(refusals):
        models.refuse(refusal, datetime.now(UTC))
    return models


def _release_named(settings: Settings) -> LocalRelease:
    """The release that WARDROBE_MODEL_STORE names in place of a store."""
    name = settings.model_store
    release = bundled() if name == "bundled" else open_release(expanded(name), _trusted(settings))
    if settings.model_version not in (CURRENT, release.version):
        of = "the bundled release" if name == "bundled" else f"the release in {name}"
        raise NotFound(
            f"WARDROBE_MODEL_VERSION is {settings.model_version}, but {of} is "
            f"{release.version}. Name the store that holds the other one in WARDROBE_MODEL_STORE."
        )
    return release


def load_newest(  # noqa: PLR0913 - where to walk, and where not to
    settings: Settings,
    store: Store,
    newest: Promotion | Unread,
    refusals: list[Refusal],
    *,
    after: int = 0,
    known: Collection[int] = (),
) -> Served:
    """The release that the newest promotion names, else the newest before it that can be served.

    A starting worker and a running one walk back alike, so that all workers of a store serve the same. What
    is not needed of the log is not read.

    Args:
        settings: of the service.
        store: holds the releases.
        newest: the record that holds.
        refusals: gets those that cannot be served or read.
        after: promotions of no higher number are not walked back to: one of them is served already.
        known: promotions that were refused before, which are not tried again.

    Raises:
        StoreError, ModelError: why the release of `newest` must not be served, if none can be.
    """
    first: Exception
    if isinstance(newest, Unread):
        first = newest.error
    else:
        try:
            return load_promotion(settings, store, newest)
        except REFUSED as error:
            refusals.append(refusal_of(newest, error))
            first = error
    unrefused = takewhile(lambda record: record.number > after, backwards(store, newest))
    for fallback in fallbacks(_with_unread_named(unrefused, refusals, known)):
        if fallback.number in known:
            continue
        try:
            served = load_promotion(settings, store, fallback)
        except NotFound:  # removed since, as rolling back passes over it too
            continue
        except REFUSED as error:
            refusals.append(refusal_of(fallback, error))
        else:
            log.error("Serving %s (promotion %d) instead.", served.version, fallback.number)
            return served
    raise first


def _with_unread_named(
    records: Iterable[Promotion | Unread], refusals: list[Refusal], known: Collection[int]
) -> Iterator[Promotion | Unread]:
    for record in records:
        if isinstance(record, Unread) and record.number not in known:
            refusals.append(refusal_of(record, record.error))
        yield record


def refusal_of(record: Promotion | Unread, error: Exception) -> Refusal:
    """Log why a promotion is not served, for `/readyz` to report it."""
    log.error("Promotion %d is refused: %s", record.number, error)
    return Refusal(record.number, None if isinstance(record, Unread) else record.version, str(error))


def load_promotion(settings: Settings, store: Store, promotion: Promotion) -> Served:
    """Pull, verify and warm the release that a promotion names.

    Raises:
        StoreError: it cannot be had, or must not be served.
        ModelError: it cannot be run, or gives other answers than it gave when it was made.
        SettingsError: the file of the platform's categories cannot be read.
    """
    release = _pulled(settings, store, promotion.version)
    served = _adapted(settings, open_release_model(release, number=promotion.number))
    _keep(settings, store, release)
    return served


def _pulled(settings: Settings, store: Store, version: str) -> LocalRelease:
    """A release in the cache, tried within limits where the cache does not know it yet."""
    cache = cache_of(settings)
    release = pull(store, version, cache, _trusted(settings))
    try_release(release, cache)
    return release


def open_release_model(release: LocalRelease, number: int | None = None) -> Served:
    """A verified release, run once over its golden pictures.

    Raises:
        ModelError: it cannot be run, or gives other answers than it gave when it was made.
        ReleaseError: its golden pictures are unusable, or its report is of another model.
    """
    manifest = release.manifest
    networks = open_networks(release)
    _check_report(release)
    return Served(
        version=manifest.version,
        networks=networks,
        report=(release.folder / REPORT).read_bytes(),
        manifest=manifest,
        figures=_figures(release),
        number=number,
    )


def _check_report(release: LocalRelease) -> None:
    try:
        report = report_of(release)
    except ReportInvalid as error:  # a newer Wardrobe may write other keys; classifying needs none of them
        log.warning("%s %s is served, without a report page.", error, release.version)
        return
    check_report(report, release.manifest.labels, f"{REPORT} of {release.version}")


def _figures(release: LocalRelease) -> dict[str, bytes]:
    """Kept in memory, some 350 kB, as the cache may drop the folder while the release is still served."""
    paths = [release.folder / name for name in release.manifest.files if name.startswith(f"{FIGURES}/")]
    return {
        path.name: path.read_bytes()
        for path in paths
        if path.parent.name == FIGURES and path.suffix == ".png"
    }


def cache_of(settings: Settings) -> Path:
    """The cache's folder, with `~` resolved."""
    return cache_folder(settings.cache_dir)


def _load_cached(
    settings: Settings, store: Store, error: Exception, newest: Promotion | Unread | None
) -> Models:
    """What was served last, since `error` keeps everything newer from it; without it, that is raised.

    Nor is a release served that a rollback left, as far as the store says so: its answers were wrong.
    """
    cached = last_good(cache_of(settings), store.address, _trusted(settings))
    if cached is None or (newest is not None and _was_left(store, newest, cached.release.version)):
        raise error
    log.error("%s Serving %s from the cache.", error, cached.release.version)
    release = cached.release
    opened = open_bare_model(release) if isinstance(release, BareArtifact) else open_release_model(release)
    return Models(_adapted(settings, replace(opened, stale_since=cached.since)))


def _was_left(store: Store, newest: Promotion | Unread, version: str) -> bool:
    try:
        with at_most(NOTE_SECONDS):
            return was_left(backwards(store, newest), version)
    except StoreError:
        return False


def _load_bare(settings: Settings, store: Store) -> Served:
    if settings.trusted_keys is not None:
        raise SignatureMissing(
            f"{store.address}: nothing was promoted here, and a bare .keras file carries no signature, "
            "which WARDROBE_TRUSTED_KEYS demands. Publish a release with wardrobe publish --sign KEY."
        )
    bare = pull_bare(store, cache_of(settings))
    served = _adapted(settings, open_bare_model(bare))
    _keep(settings, store, bare)
    return served


def _adapted(settings: Settings, served: Served) -> Served:
    """The model with the operator's target and the platform's categories, which have to fit its labels."""
    served = with_target(served, settings.accept_target)
    if served.acceptance is not None and served.acceptance.fault is not None:
        about = "Every decision about photos" if served.acceptance.gives else "Every decision"
        log.error("%s %s is review.", served.acceptance.fault, about)
    if settings.taxonomy is None:
        return served
    categories = categories_of(
        settings.taxonomy, served.contract.labels, served.version, served.networks.attributes
    )
    return replace(served, categories=categories)


def _trusted(settings: Settings) -> TrustedKeys | None:
    """Read again for each release, so that keys are rotated without a restart."""
    return None if settings.trusted_keys is None else trusted_keys(settings.trusted_keys)


def _keep(settings: Settings, store: Store, release: LocalRelease | BareArtifact) -> None:
    cache = cache_of(settings)
    try:
        with at_most(NOTE_SECONDS):
            remember(cache, store.address, release, datetime.now(UTC))
            prune_cache(cache, settings.cache_keep)
    except OutOfTime as error:  # a start without the store would serve what was noted before
        log.error("%s %s is served, and not noted.", error, release.version)
