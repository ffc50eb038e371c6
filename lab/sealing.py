"""Seal a release again: write its networks in the form of this version, and decide anew if asked.

python -m lab.sealing RELEASE --run FOLDER [--photo-answers FILE --strangers FILE] [--photos PHOTOS]

The thresholds of the network for photos are decided by two files of answers: by heads that did not learn the
photo (from lab.photo_network), and by networks that did not learn its source (from lab.strangers_heads). The
network must not have attributes yet. The network for pixels answers the test set again. Without these files
all decisions, figures and answers stay.

With PHOTOS, the release also recognises the photos that it learnt after somebody has saved them again. The
new release is written to FOLDER.
"""

import argparse
import hashlib
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from inference.pictures.decode import MAX_PIXELS, decode_image
from inference.sessions.onnx_session import OnnxSession
from inference.words.kinds import KIND
from lab.strangers_heads import read_answers
from model_store.local_releases import LocalRelease, open_release
from model_store.manifest import Manifest, ReleaseNetwork
from model_store.release_files import PHOTO_FILES
from reports.answers import Answers
from reports.answers_file import parse_answers, read_all_answers
from reports.values import Report, read_report
from training.data.learnt_hashes import NO_LEARNT_HASHES, LearntHashes, load_learnt_hashes
from training.data.perceptual_hashes import NO_PERCEPTUAL_HASHES, PerceptualHashes, compute_perceptual_hash
from training.data.pixel_data_sets import FASHION_MNIST_FOLDER, read_idx_folder
from training.errors import BadRecipe
from training.evaluation.evaluate import answer_pictures
from training.evaluation.products import measure_products
from training.evaluation.statistics import compute_overconfidence
from training.features.blocks import BLOCKS_INPUT_CONTRACT
from training.release.make import start_release, write_and_seal_release
from training.release.photo_decisions import PhotoEvidence, decide_photo_head_thresholds
from training.release.photo_examples import list_photo_example_files
from training.release.photo_heads import describe_frozen_network, export_photo_heads
from training.release.photos import (
    compute_photo_model_figures,
    measure_photo_network,
    read_parent_photo_heads,
)
from training.thresholds.decide import Thresholds
from training.thresholds.requirements import PHOTOS_ACCEPTED_ACCURACY

TOWNS: Final = "ek-t"
"""Beginning of the groups of other sources that stand for a town, not for a product."""


def main(argv: list[str] | None = None) -> int:
    """Seal it."""
    parser = argparse.ArgumentParser(prog="python -m lab.sealing", description=main.__doc__)
    add = parser.add_argument
    add("release", type=Path, metavar="RELEASE", help="folder of the release")
    add("--run", type=Path, required=True, metavar="FOLDER", help="of the new release")
    add("--photo-answers", type=Path, metavar="FILE", help="of lab.photo_network")
    add("--strangers", type=Path, metavar="FILE", help="of lab.strangers_heads")
    add("--photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    given = parser.parse_args(argv)
    if (given.photo_answers is None) != (given.strangers is None):
        parser.error("--photo-answers and --strangers decide together.")
    release = open_release(given.release)
    near = (
        None
        if given.photos is None
        else compute_near_hashes(given.photos, load_learnt_hashes(release.folder) or NO_LEARNT_HASHES)
    )
    if given.photo_answers is None:
        seal_as_decided(given.run, release, near)
        return 0
    test = read_idx_folder(FASHION_MNIST_FOLDER).test
    model = release.manifest.get_contract("pixels")
    session = OnnxSession(release.get_graph_path("pixels"), shape=model.input.array_shape)
    asked = parse_answers(given.photo_answers.read_bytes()) + read_answers(given.strangers)
    decide_again(given.run, release, asked, answer_pictures(session, model, test), near)
    return 0


def read_stored_answers(release: LocalRelease) -> Answers:
    """Return all answers that a release keeps."""
    manifest, folder = release.manifest, release.folder
    return read_all_answers(manifest, lambda name: (folder / name).read_bytes(), str(folder))


def compute_near_hashes(folder: Path, learnt: LearntHashes) -> PerceptualHashes:
    """Return the perceptual hashes, uint64 (N, 10), of the photos in a folder that a release learnt."""
    contents = np.array([hashlib.sha256(content).hexdigest() for content in _read_photos(folder)])
    hashes = [
        compute_perceptual_hash(decode_image(content, MAX_PIXELS).picture)
        for content, is_learnt in zip(_read_photos(folder), learnt.mark_matches(contents), strict=True)
        if is_learnt
    ]
    return np.stack(hashes) if hashes else NO_PERCEPTUAL_HASHES


def _read_photos(folder: Path) -> Iterator[bytes]:
    """Yield the files of all photos in the folder and its archives."""
    for path in sorted((folder / "dev").rglob("*.jpg")):
        yield path.read_bytes()
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            yield from map(archive.read, archive.namelist())


def seal_as_decided(folder: Path, parent: LocalRelease, near: PerceptualHashes | None = None) -> Manifest:
    """Write a release with the networks, decisions, figures and answers of another one.

    Args:
        folder: the folder of the new release; nothing may have this name.
        parent: the other release. One of its networks answers photos.
        near: perceptual hashes of photos that it learnt, to add to its own.

    Raises:
        BadRecipe: the parent has no network that answers photos, or none on the package's network.
        StoreError: the folder cannot be sealed.
    """
    with start_release(folder, parent, frozenset(PHOTO_FILES)) as unfinished:
        report, photos = _rewrite_heads(unfinished, parent, near)
        return write_and_seal_release(
            unfinished,
            networks=parent.manifest.networks | {"photos": photos},
            report=report,
            answers=read_stored_answers(parent),
            parent=parent.manifest,
            sources=parent.manifest.sources,
        )


def decide_again(
    folder: Path, parent: LocalRelease, given: Answers, tested: Answers, near: PerceptualHashes | None = None
) -> Manifest:
    """Write a release with the networks of another one and new thresholds.

    Args:
        folder: the folder of the new release; nothing may have this name.
        parent: the other release. One of its networks answers photos.
        given: the answers that decide, by heads that did not learn the photo.
        tested: the parent's answers to its test set.
        near: perceptual hashes of photos that it learnt, to add to its own.

    Raises:
        BadRecipe: the parent has no network that answers photos, or none on the package's network.
        StoreError: the folder cannot be sealed.
    """
    evidence = PhotoEvidence(cross_fitted_answers=given)
    found = decide_photo_head_thresholds(evidence, parent, print)
    left_out = frozenset(PHOTO_FILES) | list_photo_example_files(parent)
    with start_release(folder, parent, left_out) as unfinished:
        return _write_decided_release(unfinished, parent, evidence, found, tested, near)


def _write_decided_release(  # noqa: PLR0913, PLR0917 - a release, and all that decides about it
    folder: Path,
    parent: LocalRelease,
    evidence: PhotoEvidence,
    found: Thresholds,
    tested: Answers,
    near: PerceptualHashes | None,
) -> Manifest:
    """Write the release with new thresholds into a folder that has the files of its parent."""
    report, photos = _rewrite_heads(folder, parent, near)
    contract = replace(
        found.make_contract(parent.manifest.labels, BLOCKS_INPUT_CONTRACT).replace_heads(
            photos.contract.attributes
        ),
        parts=photos.contract.parts,
    )
    photos = photos.replace_fields(contract=contract)
    figures = report.photo_model and report.photo_model.replace_fields(temperature=contract.temperature)
    test = report.test.replace_fields(
        overconfidence=compute_overconfidence(tested.confidences, tested.is_right)
    )
    known = report.replace_fields(test=test, photo_model=figures)
    again, answers = measure_photo_network(folder, known, photos, found, evidence)
    # Nothing is promised of tier X, of products as of photos.
    of_products = (
        answers.is_from_unknown_source & answers.has_class & ~np.char.startswith(answers.groups, TOWNS)
    )
    products = measure_products(answers.select_rows(of_products), PHOTOS_ACCEPTED_ACCURACY)
    return write_and_seal_release(
        folder,
        networks=parent.manifest.networks | {"photos": photos},
        report=again.replace_fields(products=products),
        answers=tested + answers,
        parent=parent.manifest,
        sources=parent.manifest.sources,
    )


def _rewrite_heads(
    folder: Path, parent: LocalRelease, near: PerceptualHashes | None
) -> tuple[Report, ReleaseNetwork]:
    """Write the parent's heads for photos as this version does.

    Args:
        folder: the folder of the new release, with the other files of the parent.
        near: perceptual hashes of photos that it learnt, uint64 (N, 10), to add to its own.

    Returns:
        The report, and the network that answers photos.
    """
    heads = read_parent_photo_heads(parent)
    report = read_report(parent)
    if heads is None or report.photo_model is None:
        raise BadRecipe(f"{parent.version} has no network that answers photos.")
    before = parent.manifest.get_network("photos")
    contract = replace(before.contract, parts=KIND if KIND in before.contract.attributes else None)
    whole, golden = export_photo_heads(heads, folder, contract.parts)
    if near is not None:
        learnt = load_learnt_hashes(parent.folder) or NO_LEARNT_HASHES
        hashes = NO_PERCEPTUAL_HASHES if learnt.perceptual_hashes is None else learnt.perceptual_hashes
        LearntHashes(learnt.sha256_prefixes, np.unique(np.concatenate([hashes, near]), axis=0)).save_hashes(
            folder
        )
    training = report.training.replace_fields(
        configuration=report.training.configuration | describe_frozen_network()
    )
    figures = compute_photo_model_figures(whole, folder, contract)
    photos = before.replace_fields(contract=contract, golden=golden)
    return report.replace_fields(training=training, photo_model=figures), photos


if __name__ == "__main__":
    sys.exit(main())
