"""Open the model that the settings name, check it, and warm it up.

WARDROBE_MODEL_STORE names the bundled release, the folder of a release, or a store (a folder or an S3 prefix)
with many releases. A promotion is the record in a store that makes a release current. It lists this release
and earlier ones as candidates, and the first one that can be served is opened. If the store does not answer,
the release that was served last is opened from the cache, and reported as stale. The bundled release never
replaces a store that does not answer.
"""

import logging
from collections.abc import Collection, Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime

from app.errors import drop_traceback
from app.prediction.platform_categories import read_release_categories
from app.releases.accept_target import apply_accept_target
from app.releases.bare_model import open_bare_model
from app.releases.opening_attempt import (
    REFUSAL_CAUSES,
    CandidateOutcome,
    OpeningAttempt,
    log_new_refusals,
    make_refusal,
    select_retryable_refusals,
    summarize_outcomes,
)
from app.releases.release_model import open_release_model
from app.releases.serving import ModelHolder, Refusal, ServedModel
from app.settings import CURRENT, Settings
from inference.errors import ModelError
from model_store.cache import pull_bare_artifact, pull_release, resolve_cache_folder
from model_store.cache_notes import (
    find_remembered_release,
    prune_cache,
    read_remembered_version,
    remember_current_release,
)
from model_store.deadlines import limit_time
from model_store.errors import NotFound, SignatureMissing, StoreError
from model_store.local_releases import BareArtifact, LocalRelease, open_bundled_release, open_release
from model_store.named_release import parse_store_address
from model_store.opening_marks import mark_opening
from model_store.promotions import read_newest_promotion
from model_store.records import Promotion
from model_store.release_files import expand_home
from model_store.signing import TrustedKeys, read_trusted_keys
from model_store.store import Store, open_store
from model_store.store_keys import check_release_complete, read_signed_manifest

log = logging.getLogger("wardrobe")

MAX_START_SECONDS = 75
"""Seconds that a start may wait for the store, for the lock of the cache and for a new release. gunicorn ends
a worker that has not started after 120 s."""

ACCEPT_TARGET_WARNING = (
    "WARDROBE_ACCEPT_TARGET is %g: no attribute is accepted, and no title confirms an answer, because these "
    "were measured with the thresholds of the release."
)
"""Warning in the log whenever a release is opened and the operator has set the share that must be right."""

MAX_NOTE_SECONDS = 10
"""Seconds that a start may spend on noting in the cache which release it serves. It can go on without
this."""


def open_configured_store(settings: Settings) -> Store | None:
    """Return the store that WARDROBE_MODEL_STORE names; None if it names a single release.

    Raises:
        BadAddress: the setting is neither a folder nor an S3 prefix.
    """
    return None if parse_store_address(settings.model_store) is None else open_store(settings.model_store)


def load_models(settings: Settings, store: Store | None) -> ModelHolder:
    """Load the model that the service serves first, and record the errors that were found on the way.

    Args:
        store: the store that the settings name; None for the bundled release or a folder of one release.

    Returns:
        The holder of the model. It also has the releases that were refused, and the error of the store.

    Raises:
        StoreError: no release is available, not even in the cache.
        ModelError: the model is there but cannot be run.
        SettingsError: the file of the platform's categories cannot be read.
    """
    if store is None:
        return ModelHolder(_apply_settings(settings, open_release_model(_open_named_release(settings))))
    if settings.model_version != CURRENT:
        with limit_time(MAX_START_SECONDS):
            release = _pull_release(settings, store, settings.model_version)
            return ModelHolder(_apply_settings(settings, open_release_model(release)))
    with limit_time(MAX_START_SECONDS):
        attempt = _open_newest(settings, store)
    models = ModelHolder(attempt.model or _open_last_good(settings, store, attempt))
    models.record_refusals(attempt.refusals, datetime.now(UTC))
    if attempt.fault is not None:
        log.error("%s Serving %s until then.", attempt.fault, models.current.version)
        models.record_store_failure(attempt.fault, datetime.now(UTC))
    return models


def _open_named_release(settings: Settings) -> LocalRelease:
    """Open the bundled release, or the release in the folder that WARDROBE_MODEL_STORE names."""
    name = settings.model_store
    # The bundled release needs no signature: whoever can change it can also change this program.
    release = (
        open_bundled_release()
        if name == "bundled"
        else open_release(expand_home(name), _read_trusted_keys(settings))
    )
    if settings.model_version not in (CURRENT, release.version):
        description = "the bundled release" if name == "bundled" else f"the release in {name}"
        raise NotFound(
            f"WARDROBE_MODEL_VERSION is {settings.model_version}, but {description} is "
            f"{release.version}. Name the store that holds the other one in WARDROBE_MODEL_STORE."
        )
    return release


def _open_newest(settings: Settings, store: Store) -> OpeningAttempt:
    """Open the release of the newest promotion, or the bare artifact of a store without promotions."""
    try:
        record = read_newest_promotion(store)
        if record is None:
            return OpeningAttempt(_load_bare(settings, store))
    except (StoreError, ModelError) as error:
        return OpeningAttempt(fault=error)
    return open_first_candidate(settings, store, record, record.candidates)


def open_first_candidate(
    settings: Settings,
    store: Store,
    record: Promotion,
    candidates: Iterable[str],
    earlier_refusals: Collection[Refusal] = (),
) -> OpeningAttempt:
    """Open the first release among the candidates of a promotion that can be served.

    Candidates are the release that the promotion makes current, and the releases to fall back to.

    Args:
        record: the newest promotion.
        candidates: the versions to try, in this order.
        earlier_refusals: the refusals so far. A candidate whose refusal is not final may have been repaired,
            so it is tried again.

    Raises:
        SettingsError: the file of the platform's categories cannot be read.
    """
    waiting = select_retryable_refusals(record, earlier_refusals)
    outcomes = list[CandidateOutcome]()
    for version in candidates:
        outcome = _open_candidate(settings, store, record, version, waiting.get(version))
        outcomes.append(outcome)
        # A store that does not answer has no other release either, and each try may take its whole time.
        if outcome.model is not None or outcome.has_store_failed:
            break
    attempt = summarize_outcomes(record, outcomes, waiting)
    log_new_refusals(attempt, earlier_refusals)
    return attempt


def _open_candidate(
    settings: Settings, store: Store, record: Promotion, version: str, earlier: Refusal | None
) -> CandidateOutcome:
    """Open one candidate of a promotion.

    Args:
        earlier: the refusal of this candidate that is not final; None if it was not refused.
    """
    is_whole = False  # whether all its files have arrived, so that another try would end in the same way
    try:
        if earlier is not None:
            _check_sizes(settings, store, version)
            is_whole = True
        release = _pull_release(settings, store, version)
        is_whole = True
        return CandidateOutcome(_open_and_note(settings, store, record, release))
    except REFUSAL_CAUSES as error:  # before StoreError, of which NotFound is a subclass
        refusal = make_refusal(record, version, error, is_whole=is_whole)
        # The traceback would keep the half-opened release in memory.
        return CandidateOutcome(refusal=refusal, error=drop_traceback(error))
    except StoreError as error:
        return CandidateOutcome(refusal=earlier, error=error)


def _check_sizes(settings: Settings, store: Store, version: str) -> None:
    """Check the manifest of a release and the sizes of its files in the store, before a further download."""
    check_release_complete(store, read_signed_manifest(store, version, _read_trusted_keys(settings)).manifest)


def _open_and_note(settings: Settings, store: Store, record: Promotion, release: LocalRelease) -> ServedModel:
    """Open a verified release, and note in the cache that it is served.

    Raises:
        ReleaseError: the release must not be served.
        OpeningKilled: a process ended a short while ago while it opened this release, and another candidate
            may be served.
        ModelError: the release cannot be run, or its answers differ from those at its creation.
        SettingsError: the file of the platform's categories cannot be read.
    """
    version = release.version
    cache = resolve_cache_folder(settings.cache_dir)
    is_last = version == record.candidates[-1]
    number = record.number if version == record.version else None
    is_known = read_remembered_version(cache, store.address) == version
    # A release may end the process that opens it, for example by taking all memory. So a mark says while it
    # is opened for the first time, and the next start tries another candidate.
    with nullcontext() if is_known else mark_opening(cache, version, is_last_candidate=is_last):
        model = _apply_settings(settings, open_release_model(release, number))
    _note_and_prune(settings, store, release)
    return model


def _pull_release(settings: Settings, store: Store, version: str) -> LocalRelease:
    """Return a release from the cache, after downloading it if it is not there yet."""
    return pull_release(
        store, version, resolve_cache_folder(settings.cache_dir), _read_trusted_keys(settings)
    )


def _open_last_good(settings: Settings, store: Store, attempt: OpeningAttempt) -> ServedModel:
    """Open the release that was served last from the cache, if the newest promotion allows it.

    Any other release may be one that somebody has withdrawn because of its answers.

    Raises:
        StoreError, ModelError: the reason why the newest release is not served, if nothing else can be
            served.
    """
    cached = find_remembered_release(
        resolve_cache_folder(settings.cache_dir), store.address, _read_trusted_keys(settings)
    )
    if cached is None or (
        attempt.allowed_versions is not None and cached.release.version not in attempt.allowed_versions
    ):
        raise attempt.fault or attempt.errors[0]
    release = cached.release
    model = open_bare_model(release) if isinstance(release, BareArtifact) else open_release_model(release)
    return _apply_settings(settings, replace(model, stale_since=cached.since))


def _load_bare(settings: Settings, store: Store) -> ServedModel:
    if settings.trusted_keys is not None:
        raise SignatureMissing(
            f"{store.address}: nothing was promoted here, and a bare .keras file carries no signature, "
            "which WARDROBE_TRUSTED_KEYS demands. Publish a release with wardrobe publish --sign KEY."
        )
    bare = pull_bare_artifact(store, resolve_cache_folder(settings.cache_dir))
    model = _apply_settings(settings, open_bare_model(bare))
    _note_and_prune(settings, store, bare)
    return model


def _apply_settings(settings: Settings, model: ServedModel) -> ServedModel:
    """Return the model with the thresholds and the categories of its labels that the operator asks for."""
    model = apply_accept_target(model, settings.accept_target)
    if model.acceptance is not None:
        log.warning(ACCEPT_TARGET_WARNING, model.acceptance.target)
        if model.acceptance.fault is not None:
            about = "Every decision about photos" if model.acceptance.gives else "Every decision"
            log.error("%s %s is review.", model.acceptance.fault, about)
    if settings.taxonomy is None:
        return model
    categories = read_release_categories(
        settings.taxonomy, model.contract.labels, model.version, model.attributes
    )
    return replace(model, categories=categories)


def _read_trusted_keys(settings: Settings) -> TrustedKeys | None:
    """Read the public keys of which one must have signed a release; None if the operator requires none."""
    # Read again for each release, so that keys are rotated without a restart.
    return None if settings.trusted_keys is None else read_trusted_keys(settings.trusted_keys)


def _note_and_prune(settings: Settings, store: Store, release: LocalRelease | BareArtifact) -> None:
    """Note in the cache which release is served, and remove old releases from it.

    An error is logged, and does not change which release is served.
    """
    cache = resolve_cache_folder(settings.cache_dir)
    try:
        with limit_time(MAX_NOTE_SECONDS):
            remember_current_release(cache, store.address, release, datetime.now(UTC))
            prune_cache(cache, settings.cache_keep)
    except StoreError as error:
        log.error(
            "%s %s is served. A start without the store may serve what was noted before.",
            error,
            release.version,
        )
