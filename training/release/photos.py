"""Make a release with a network that answers photos, of another release's files.

The network (fitted by training/ten_classes.py) is added, or replaces the parent's. Answers to photos decide,
and what that changes is measured; everything else is the parent's. The first and the last step: make.py.
Writes one folder.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue

from inference.classifier import Classifier
from inference.contract import ACCEPT_NOTHING, ModelContract
from inference.onnx_session import OnnxSession
from model_store.local_releases import LocalRelease
from model_store.manifest import ReleaseNetwork as ReleasedNetwork
from model_store.release_files import PHOTO_FILES
from reports.answers import NO_ANSWERS, TEST_SET, Answers, read_own_answers
from reports.intervals import count_needed_answers
from reports.page.advice import describe_unkept_promises
from reports.page.wording import ENGLISH_WORDING
from reports.values import CROSS_FITTED_SPLIT, TIER_PHOTOS_PREFIX, ModelFigures, Report, read_report
from training.data.learnt_hashes import UNSTATED_LEARNT_HASHES, LearntHashes, load_learnt_hashes
from training.data.photos import OWN_TIER
from training.errors import BadRecipe
from training.evaluation.evaluate import decide_answers
from training.evaluation.photos import (
    compute_photo_figures,
    compute_unknown_source_figures,
    find_known_source_answers,
)
from training.features.blocks import BLOCKS_INPUT_CONTRACT
from training.features.shipped import PHOTO_BLOCKS
from training.heads.photo_head import PhotoHead, build_photo_heads
from training.progress import Say
from training.release.conversion import model_figures
from training.release.kept_evidence import kept_products, rests_on_kinds
from training.release.make import make_release, new_release
from training.release.photo_heads import BELOW, below, export_heads, read_heads
from training.thresholds.acceptance import add_promises, compute_acceptance_curves, make_promises
from training.thresholds.answer_sets import make_scores
from training.thresholds.decide import Thresholds
from training.thresholds.requirements import (
    PHOTO_UNFAMILIAR_SHARE,
    choose_deciding_answers,
    find_tiers_of_unknown_sources,
    make_photo_requirements,
)
from training.thresholds.unproven import count_source_labels, decide_photo_thresholds
from training.untyped import Network

UNLEARNT_THINGS: Final = "other kinds"
"""Name of the set of photos of other things (out of distribution) that no head had learnt."""


def release_photos(  # noqa: PLR0913, PLR0917 - a head, what it answered, and whose files it joins
    folder: Path,
    parent: LocalRelease,
    parent_heads: Network | None,
    head: PhotoHead,
    answers: Answers,
    learnt: LearntHashes,
    record: JsonValue,
    say: Say,
    of_parent: Answers = NO_ANSWERS,
    *,
    of_products: bool = False,
) -> Report:
    """Make a release from another one, with a new network that answers photos, and return its report.

    Args:
        folder: the folder of the new release; nothing may have this name.
        parent: the release whose other files the new release has.
        parent_heads: the parent's heads, from `network_that_sees_alike`.
        head: the head, with the photos that it learnt.
        answers: undecided cross-fitted answers, with answers to UNLEARNT_THINGS.
        learnt: the hashes of the photos that the head learnt.
        record: facts about the making of the network, for report and manifest.
        say: receives progress messages, and promises that cannot be given.
        of_parent: the parent's answers to pictures that the head learnt, which the release keeps.
        of_products: whether the groups of the photos are products.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    # 1) Decide by what heads of folds answered.
    of_folds, thresholds = decide_photos(answers, parent, say)
    # 2) Export; the parent's attributes stay.
    with new_release(folder, parent, frozenset(PHOTO_FILES)) as unfinished:
        parent_manifest = parent.manifest
        contract = thresholds.make_contract(parent.manifest.labels, BLOCKS_INPUT_CONTRACT)
        if parent_heads is not None:
            contract = contract.replace_heads(parent_manifest.get_contract("photos").attributes)
        (network, golden) = export_heads(build_photo_heads(head, parent_heads), unfinished)
        artifact, graph = PHOTO_FILES
        photos = ReleasedNetwork(graph=graph, artifact=artifact, contract=contract, golden=golden)
        ((load_learnt_hashes(parent.folder) or UNSTATED_LEARNT_HASHES) | learnt).save_hashes(unfinished)
        # 3) Measure and seal.
        before = read_report(parent)
        configuration = before.training.configuration | {"photo_network": record} | below()
        training = before.training.replace_fields(configuration=configuration)
        cost = photo_model_figures(network, unfinished, contract)
        words = before.words if rests_on_kinds(contract) else None
        before = before.replace_fields(training=training, photo_model=cost, words=words)
        stored = read_own_answers(
            parent_manifest, lambda path: (parent.folder / path).read_bytes(), str(parent.folder)
        )
        report, decided_answers = measured_photos(unfinished, before, photos, thresholds, of_folds)
        own = decided_answers.select_rows(np.isin(decided_answers.pictures, of_parent.pictures) & of_products)
        products = kept_products(parent, parent_heads, head, contract, own, say)
        report = report.replace_fields(products=products)
        make_release(
            unfinished,
            networks={"pixels": parent_manifest.get_network("pixels"), "photos": photos},
            report=report,
            answers=stored.select_set(TEST_SET) + decided_answers + of_parent,
            parent=parent_manifest,
            sources=sorted({*parent_manifest.sources, *head.learnt_photos.sources.tolist()} - {""}),
        )
    return report


def network_that_sees_alike(parent: LocalRelease) -> Network | None:
    """Read the heads for photos of a release; None if the release has no network for photos.

    Raises:
        BadRecipe: the release was made with other weights of the frozen network than this package has, so a
            head that is learnt now does not fit its attributes and thresholds.
    """
    if not parent.manifest.has_both_networks:
        return None
    # A release of version 2.0 records none: its photos.keras has the whole network, which is another one.
    if read_report(parent).training.configuration.get(BELOW) != below()[BELOW]:
        raise BadRecipe(
            f"{parent.version} sees photos by another network than this version of wardrobe: no head that is "
            "learnt now fits it. Give --from bundled in its place. Where it had learnt corrections of yours, "
            "add their rows to the file."
        )
    return read_heads(parent.folder / parent.manifest.get_network("photos").artifact)


def keeps_thresholds(answers: Answers, parent: LocalRelease) -> bool:
    """Return whether the parent's thresholds stay valid for a new head, so that none are chosen.

    No score is read, so the function can be called before any head is fitted.

    Args:
        answers: the answers, of which only sets and truth matter.
        parent: the release whose head is replaced.
    """
    if not parent.manifest.has_both_networks or find_tiers_of_unknown_sources(answers):
        return False
    required = make_photo_requirements(choose_deciding_answers(answers), None, ACCEPT_NOTHING)
    is_sampled = int((answers.has_class & (answers.sets == OWN_TIER)).sum()) >= count_needed_answers(
        required.accuracy
    )
    promised = {promise.pictures.removeprefix(TIER_PHOTOS_PREFIX) for promise in read_report(parent).promises}
    is_new = is_sampled or not (required.tiers or set()) <= {*promised, OWN_TIER}
    return parent.manifest.get_contract("photos").class_head.confidence < ACCEPT_NOTHING and not is_new


def decide_photos(answers: Answers, parent: LocalRelease, say: Say) -> tuple[Answers, Thresholds]:
    """Choose the thresholds of a new head for photos; return the answers that were used, and the thresholds.

    If the parent's thresholds stay valid, its temperature stays, too. Its confidences are lower limits, since
    photos of unknown sources may have chosen them, and the usual share of photos is called unfamiliar.
    """
    of_classes = answers.select_rows(answers.sets != UNLEARNT_THINGS)
    others = answers.select_set(UNLEARNT_THINGS)
    manifest = parent.manifest
    deciding = choose_deciding_answers(of_classes)
    before = (
        manifest.get_contract("photos").class_head.confidence
        if manifest.has_both_networks
        else ACCEPT_NOTHING
    )
    required = make_photo_requirements(deciding, make_scores(others) if len(others) else None, before)
    if keeps_thresholds(of_classes, parent):
        contract = manifest.get_contract("photos")
        least = max(required.minimum_confidence, before)
        # Few pictures do not say, either, how many of further ones are unfamiliar.
        required = replace(
            required,
            temperature=contract.temperature,
            minimum_confidence=least,
            unfamiliar_shares=(PHOTO_UNFAMILIAR_SHARE,),
            ood_scores=None,
        ).adopt_label_rules(contract)
    thresholds = decide_photo_thresholds(deciding, required, manifest.labels)
    curves = compute_acceptance_curves(thresholds.answer_sets)
    for sentence in describe_unkept_promises(
        make_promises(thresholds.answer_sets, thresholds.confidence), ENGLISH_WORDING, curves
    ):
        say(sentence)
    for index, least in thresholds.stricter_confidences.items():
        say(
            f"{manifest.labels[index]} needs a confidence of {least:.0%} for photos: at less, too few are "
            "right."
        )
    for row in count_source_labels(
        deciding, thresholds.find_sure_answers(deciding), manifest.labels, required.accuracy
    ):
        if row.is_unproven:
            say(
                f"{row.label} is never accepted for photos: of {row.accepted_count:,} sure answers to "
                f"photos from {row.source}, of which nothing had been learnt, {row.right_count:,} are right."
            )
    return of_classes, thresholds


def measured_photos(
    folder: Path, before: Report, photos: ReleasedNetwork, thresholds: Thresholds, of_folds: Answers
) -> tuple[Report, Answers]:
    """Return a report with new figures of photos, and the decided answers that the figures come from."""
    contract = photos.contract
    session = OnnxSession(folder / photos.graph, shape=BLOCKS_INPUT_CONTRACT.array_shape)
    answers = decide_answers(Classifier(session, contract), of_folds)
    changed = {
        "photos": compute_photo_figures(
            answers.select_rows(find_known_source_answers(answers)), contract, CROSS_FITTED_SPLIT
        ),
        "unknown_sources": compute_unknown_source_figures(answers, contract.labels),
        "all_accepted": None,  # which classes are accepted has changed
    }
    return add_promises(before, thresholds.answer_sets, thresholds.confidence).replace_fields(
        **changed
    ), answers


def photo_model_figures(network: Network, folder: Path, contract: ModelContract) -> ModelFigures:
    """Return the size and cost of the network for photos that `export_heads` wrote into a folder."""
    return model_figures("_".join(PHOTO_BLOCKS), network, folder, PHOTO_FILES, contract.temperature)
