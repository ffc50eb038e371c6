"""Make a release from another one (its parent) with a new network that answers photos.

The parent may have such a network already, which is then replaced. Only its head for the class is fitted
again, for example to a user's corrections. The thresholds are chosen by answers to photos, and the figures
that they change are measured. All other files and figures are the parent's.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from inference.classifier import Classifier
from inference.contract import ModelContract
from inference.sessions.onnx_session import OnnxSession
from model_store.local_releases import LocalRelease
from model_store.manifest import ReleaseNetwork as ReleasedNetwork
from model_store.release_files import PHOTO_FILES
from reports.answers import TEST_SET, Answers
from reports.answers_file import read_release_answers
from reports.network_figures import CROSS_FITTED_SPLIT, ModelFigures
from reports.values import Report, read_report
from training.data.learnt_hashes import UNSTATED_LEARNT_HASHES, LearntHashes, load_learnt_hashes
from training.errors import BadRecipe
from training.evaluation.evaluate import add_decisions
from training.evaluation.photos import (
    compute_photo_figures,
    compute_unknown_source_figures,
    mark_known_source_answers,
)
from training.features.blocks import BLOCKS_INPUT_CONTRACT
from training.features.shipped import PHOTO_BLOCKS
from training.heads.photo_head import PhotoHead, build_heads_network
from training.progress import Say
from training.release.conversion import compute_model_figures
from training.release.kept_evidence import choose_product_promises, has_kind_head
from training.release.make import start_release, write_and_seal_release
from training.release.photo_decisions import PhotoEvidence, decide_photo_head_thresholds
from training.release.photo_examples import list_photo_example_files
from training.release.photo_heads import BELOW, describe_frozen_network, export_photo_heads, read_photo_heads
from training.thresholds.acceptance import add_promises
from training.thresholds.decide import Thresholds
from training.untyped import Network


@dataclass(frozen=True, kw_only=True)
class PhotoCandidate:
    """A new head for photos that is to be released together with the other files of its parent.

    Attributes:
        parent: the release whose other files the new release has.
        parent_heads: the heads of the parent's network for photos; None if it has no such network.
        head: the new head for the class, with the photos that it learnt.
        learnt_hashes: the hashes of these photos.
        training_record: facts about the training, for report and manifest.
        evidence: the answers by which thresholds are chosen and figures are measured.
    """

    parent: LocalRelease
    parent_heads: Network | None
    head: PhotoHead
    learnt_hashes: LearntHashes
    training_record: JsonValue
    evidence: PhotoEvidence


def make_photo_release(folder: Path, candidate: PhotoCandidate, say: Say) -> Report:
    """Make a release from another one, with a new network that answers photos, and return its report.

    Args:
        folder: the folder of the new release; nothing may have this name.
        say: receives progress messages, and promises that cannot be given.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    parent, evidence = candidate.parent, candidate.evidence
    # 1) Decide by answers of heads that did not learn the photo.
    thresholds = decide_photo_head_thresholds(evidence, parent, say)
    left_out = frozenset(PHOTO_FILES) | list_photo_example_files(parent)
    with start_release(folder, parent, left_out) as unfinished:
        # 2) Export the network. The release records all learnt photos, those of the parent too, so that no
        # later training measures itself on one of them.
        network, photos = _export_photos(candidate, thresholds, unfinished)
        learnt_before = load_learnt_hashes(parent.folder) or UNSTATED_LEARNT_HASHES
        (learnt_before | candidate.learnt_hashes).save_hashes(unfinished)
        # 3) Measure as serving would answer. What the head does not change is the parent's.
        inherited = _inherit_report(candidate, network, photos.contract, unfinished)
        report, decided_answers = measure_photo_network(unfinished, inherited, photos, thresholds, evidence)
        products = choose_product_promises(
            parent,
            candidate.parent_heads,
            candidate.head,
            photos.contract,
            evidence.select_own_products(decided_answers),
            say,
        )
        report = report.replace_fields(products=products)
        # 4) Seal.
        write_and_seal_release(
            unfinished,
            networks={"pixels": parent.manifest.get_network("pixels"), "photos": photos},
            report=report,
            answers=_read_test_answers(parent) + decided_answers + evidence.parent_answers,
            parent=parent.manifest,
            sources=_list_sources(candidate),
        )
    return report


def _export_photos(
    candidate: PhotoCandidate, thresholds: Thresholds, folder: Path
) -> tuple[Network, ReleasedNetwork]:
    """Write the network for photos into a folder; return it, and its entry in the manifest."""
    manifest = candidate.parent.manifest
    contract = thresholds.make_contract(manifest.labels, BLOCKS_INPUT_CONTRACT)
    if candidate.parent_heads is not None:
        # Heads of attributes, such as colour, are not fitted again: they and their thresholds stay, and so
        # does what they answer for parts of a photo.
        before = manifest.get_contract("photos")
        contract = replace(contract.replace_heads(before.attributes), parts=before.parts)
    heads = build_heads_network(candidate.head, candidate.parent_heads)
    network, golden = export_photo_heads(heads, folder, contract.parts)
    artifact, graph = PHOTO_FILES
    return network, ReleasedNetwork(graph=graph, artifact=artifact, contract=contract, golden=golden)


def _inherit_report(
    candidate: PhotoCandidate, network: Network, contract: ModelContract, folder: Path
) -> Report:
    """Return the parent's report with the facts about the new network, before photos are measured."""
    report = read_report(candidate.parent)
    configuration = (
        report.training.configuration
        | {"photo_network": candidate.training_record}
        | describe_frozen_network()
    )
    return report.replace_fields(
        training=report.training.replace_fields(configuration=configuration),
        photo_model=compute_photo_model_figures(network, folder, contract),
        # Figures about words of titles that were measured on the class do not hold for another head of it.
        words=report.words if has_kind_head(contract) else None,
    )


def _read_test_answers(parent: LocalRelease) -> Answers:
    """Return the parent's stored answers to its test set, which its network for pixels gave."""
    own_answers = read_release_answers(
        parent.manifest, lambda path: (parent.folder / path).read_bytes(), str(parent.folder)
    )
    return own_answers.select_set(TEST_SET)


def _list_sources(candidate: PhotoCandidate) -> list[str]:
    """Return the names of all sources of learnt photos, sorted; a photo without a source adds none."""
    learnt_sources = candidate.head.learnt_photos.sources.tolist()
    return sorted({*candidate.parent.manifest.sources, *learnt_sources} - {""})


def read_parent_photo_heads(parent: LocalRelease) -> Network | None:
    """Read the heads for photos of a release; None if the release has no network for photos.

    Raises:
        BadRecipe: the release was made with other weights of the frozen network than this package has, so a
            head that is learnt now does not fit its attributes and thresholds.
    """
    if not parent.manifest.has_both_networks:
        return None
    # A release of version 2.0 records no hash: its photos.keras has the whole network, which is another one.
    if read_report(parent).training.configuration.get(BELOW) != describe_frozen_network()[BELOW]:
        raise BadRecipe(
            f"{parent.version} sees photos by another network than this version of wardrobe: no head that is "
            "learnt now fits it. Give --from bundled in its place. Where it had learnt corrections of yours, "
            "add their rows to the file."
        )
    return read_photo_heads(parent.folder / parent.manifest.get_network("photos").artifact)


def measure_photo_network(
    folder: Path,
    inherited_report: Report,
    photo_network: ReleasedNetwork,
    thresholds: Thresholds,
    evidence: PhotoEvidence,
) -> tuple[Report, Answers]:
    """Measure the answers to photos as a service would give them.

    Args:
        folder: the folder with the graph of the network.
        inherited_report: the report of the parent, with facts about the new network.
        photo_network: the entry of the new network in the manifest.
        evidence: answers to photos from heads that did not learn them.

    Returns:
        The report with new figures of photos; and the answers, each with its decision (accepted or reviewed),
        from which the figures were computed.
    """
    contract = photo_network.contract
    session = OnnxSession(folder / photo_network.graph, shape=BLOCKS_INPUT_CONTRACT.array_shape)
    answers = add_decisions(Classifier(session, contract), evidence.photo_answers)
    new_figures = {
        "photos": compute_photo_figures(
            answers.select_rows(mark_known_source_answers(answers)), contract, CROSS_FITTED_SPLIT
        ),
        "unknown_sources": compute_unknown_source_figures(answers, contract.labels),
        "photo_examples": None,  # their answers have changed, and nobody was asked whether to show photos
        "all_accepted": None,  # the class is part of this figure, and its accepted answers have changed
    }
    report = add_promises(inherited_report, thresholds.answer_sets, thresholds.confidence)
    return report.replace_fields(**new_figures), answers


def compute_photo_model_figures(network: Network, folder: Path, contract: ModelContract) -> ModelFigures:
    """Return the size and cost of the network for photos that `export_photo_heads` wrote into a folder."""
    return compute_model_figures("_".join(PHOTO_BLOCKS), network, folder, PHOTO_FILES, contract.temperature)
