"""The network for photos answers the kind for the upper, middle and lower part of a picture, in one run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.contract import PARTS
from inference.errors import ContractBroken
from inference.pictures.framing import fit_whole_picture
from inference.sessions.onnx_session import OnnxSession
from inference.sessions.session import Scores
from model_store.local_releases import LocalRelease, open_bundled_release
from model_store.release_networks import open_networks
from training.release.parity import check_parity
from training.release.photo_heads import join_to_frozen_network, read_photo_heads

SHAPE = (224, 224, 3)


def patches(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """A picture of coloured patches."""
    colours = np.random.default_rng(seed).integers(30, 256, (6, 6, 3), np.uint8)
    rows, columns = (np.arange(edge) * 6 // edge for edge in (height, width))
    return np.ascontiguousarray(colours[rows][:, columns])


def framed(*pictures: NDArray[np.uint8]) -> PixelsBatch:
    """Pictures as the network reads them."""
    return np.stack([fit_whole_picture(picture, SHAPE[:2]) for picture in pictures])


def session(release: LocalRelease) -> OnnxSession:
    return OnnxSession(release.get_graph_path("photos"), shape=SHAPE)


PICTURES = framed(
    patches(224, 224),
    patches(100, 224, 1),
    patches(224, 60, 2),
    patches(1, 2000, 3),
    patches(2000, 1, 4),
    patches(40, 30, 5),
    np.zeros((224, 224, 3), np.uint8),
    np.full((100, 224, 3), 255, np.uint8),
)


@pytest.fixture(scope="module")
def session_without_parts(tmp_path_factory: pytest.TempPathFactory) -> OnnxSession:
    """A session of the graph as releases without parts have it."""
    graph = onnx.load(open_bundled_release().get_graph_path("photos"))
    outputs = [output for output in graph.graph.output if not output.name.startswith("parts_")]
    del graph.graph.output[:]
    graph.graph.output.extend(outputs)
    path = tmp_path_factory.mktemp("graph") / "photos.onnx"
    onnx.save(graph, path)
    return OnnxSession(path, shape=SHAPE)


@pytest.fixture(scope="module")
def scores(release_with_parts: LocalRelease) -> Scores:
    return session(release_with_parts).run(PICTURES)


def test_all_other_answers_stay_as_they_were_bit_for_bit(
    scores: Scores, session_without_parts: OnnxSession
) -> None:
    before = session_without_parts.run(PICTURES)

    for name, wanted in before.probabilities.items():
        assert (scores.probabilities[name] == wanted).all()
    assert before.distances is not None and scores.distances is not None
    assert (scores.distances == before.distances).all()


def test_the_graph_answers_parts_as_the_network_does(
    release_with_parts: LocalRelease, scores: Scores
) -> None:
    network = join_to_frozen_network(read_photo_heads(release_with_parts.folder / "photos.keras"), "kind")

    wanted = network(PICTURES, training=False)["parts_kind"]

    assert scores.parts is not None
    assert scores.parts == pytest.approx(np.asarray(wanted), abs=0.005)


def test_a_batch_answers_as_its_photos_one_by_one(release_with_parts: LocalRelease) -> None:
    network = open_networks(release_with_parts)["photos"]

    together = network.classify(PICTURES, ["photos" for _ in PICTURES])
    alone = [network.classify(picture[None], ["photos"])[0] for picture in PICTURES]

    for one, other in zip(together, alone, strict=True):
        assert one.parts.keys() == other.parts.keys()
        for name, shares in one.parts.items():
            assert shares == pytest.approx(other.parts[name], abs=1e-4)


@pytest.mark.parametrize(
    ("picture", "parts"),
    [
        (np.zeros((224, 224, 3), np.uint8), set()),
        (np.full((100, 224, 3), 255, np.uint8), set()),
        (np.full((224, 50, 3), 128, np.uint8), set()),
        (patches(1, 2000), set()),
        (patches(30, 20), set(PARTS)),
        (patches(224, 70), set(PARTS)),
        (patches(70, 224), set(PARTS)),
        (np.concatenate([patches(90, 224), np.full((110, 224, 3), 250, np.uint8)]), {"upper", "middle"}),
    ],
    ids=["black", "white", "grey and narrow", "one row", "small", "narrow", "flat", "white below"],
)
def test_a_part_speaks_only_if_it_is_not_blank(
    picture: NDArray[np.uint8], parts: set[str], release_with_parts: LocalRelease
) -> None:
    answered = session(release_with_parts).run(framed(picture)).parts

    assert answered is not None
    speaking = answered[0].sum(axis=1)
    assert {name for name, total in zip(PARTS, speaking.tolist(), strict=True) if total > 0} == parts
    assert speaking[speaking > 0] == pytest.approx(1, abs=1e-4)


def test_black_rows_above_and_below_are_no_part_of_the_picture(release_with_parts: LocalRelease) -> None:
    """A flat picture in the middle of the square has the parts of the same rows by themselves."""
    flat = np.zeros(SHAPE, np.uint8)
    flat[64:128] = patches(64, 224)
    other_rows_below = flat.copy()
    other_rows_below[96:128] = patches(32, 224, 9)

    one, other = session(release_with_parts).run(np.stack([flat, other_rows_below])).parts  # type: ignore[misc]

    upper, lower = PARTS.index("upper"), PARTS.index("lower")
    assert np.abs(one[lower] - other[lower]).max() > np.abs(one[upper] - other[upper]).max()
    assert np.abs(one[upper] - one[lower]).max() > 0.01


def test_a_graph_whose_parts_differ_from_the_network_is_refused(
    release_with_parts: LocalRelease, scores: Scores
) -> None:
    assert scores.parts is not None
    off = replace(scores, parts=scores.parts + np.float32(0.1))

    with pytest.raises(Exception, match="a probability differs by"):
        check_parity(lambda _: off, release_with_parts.get_graph_path("photos"), PICTURES)


def test_a_contract_with_parts_needs_a_network_that_answers_them(
    release_with_parts: LocalRelease, session_without_parts: OnnxSession
) -> None:
    contract = release_with_parts.manifest.get_contract("photos")
    without = Classifier(session_without_parts, contract)

    with pytest.raises(ContractBroken, match="answers `kind` for parts of a picture"):
        without.classify(PICTURES[:1], ["photos"])


def test_a_release_without_parts_answers_none(
    release_with_parts: LocalRelease, session_without_parts: OnnxSession
) -> None:
    contract = replace(release_with_parts.manifest.get_contract("photos"), parts=None)

    [prediction] = Classifier(session_without_parts, contract).classify(PICTURES[:1], ["photos"])

    assert not prediction.parts


def test_the_outputs_for_parts_are_named_in_the_manifest(release_with_parts: LocalRelease) -> None:
    assert release_with_parts.manifest.get_contract("photos").parts == "kind"
    assert release_with_parts.manifest.get_contract("pixels").parts is None
    assert Path(release_with_parts.get_graph_path("photos")).stat().st_size < 14_500_000
