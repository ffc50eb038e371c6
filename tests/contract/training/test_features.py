"""A picture as one vector: what each block sees of it."""

import keras
import numpy as np
import pytest

from training.features.blocks import (
    ALL_BLOCKS,
    BLOCK_WIDTHS,
    BLOCKS_INPUT_CONTRACT,
    FAST_BLOCKS,
    BlockName,
    build_vector_network,
    compute_features,
    get_distance_slice,
    shrink_pictures,
)
from training.gradient.networks.layers import FEATURES_LAYER
from training.untyped import Network


@pytest.fixture(scope="module")
def palette() -> Network:
    return build_vector_network(("palette",))


def filled(colour: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((1, *BLOCKS_INPUT_CONTRACT.array_shape), colour, np.uint8)


@pytest.mark.parametrize("block", ALL_BLOCKS)
def test_a_block_has_as_many_numbers_as_it_says(block: BlockName) -> None:
    seen = compute_features(build_vector_network((block,)), [filled((200, 30, 30))])

    assert seen.upright.shape == (1, BLOCK_WIDTHS[block])
    assert np.isfinite(seen.upright).all()


def test_the_palette_sees_how_much_of_each_colour_is_in_the_middle(palette: Network) -> None:
    red, blue = filled((200, 30, 30)), filled((30, 30, 200))
    half = red.copy()
    half[:, :, 96:] = blue[:, :, 96:]
    edge = red.copy()
    edge[:, :, :48] = blue[:, :, :48]
    edge[:, :38] = blue[:, :38]

    of_red, of_blue, of_half, of_edge = (
        compute_features(palette, [one]).upright[0] ** 2 for one in (red, blue, half, edge)
    )

    assert of_red.argmax() != of_blue.argmax()
    assert np.allclose(of_half, (of_red + of_blue) / 2, atol=0.02)
    assert np.allclose(of_edge, of_red, atol=1e-4)
    assert np.isclose(of_red.sum(), 1, atol=1e-4)


@pytest.mark.parametrize("edge", [12, 14, 15])
def test_pictures_of_any_size_are_shrunk_to_the_means_of_their_areas(edge: int) -> None:
    pictures = np.random.default_rng(0).random((2, edge, edge, 3), np.float32)

    shrunk = np.asarray(shrink_pictures(pictures, 4))

    # Each pixel is repeated, so that both sizes divide the edge.
    repeated = pictures.repeat(4, 1).repeat(4, 2)
    areas = repeated.reshape(2, 4, edge, 4, edge, 3).mean((2, 4))
    assert np.allclose(shrunk, areas, atol=1e-6)


def test_the_mirror_image_is_the_picture_flipped_left_to_right() -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (1, *BLOCKS_INPUT_CONTRACT.array_shape), np.uint8)
    model = build_vector_network(("backbone",))

    seen, flipped = (compute_features(model, [one]) for one in (noise, noise[:, :, ::-1]))

    assert np.allclose(seen.mirrored, flipped.upright, atol=1e-4)
    assert not np.allclose(seen.mirrored, seen.upright, atol=1e-4)


@pytest.mark.parametrize("blocks", [ALL_BLOCKS, FAST_BLOCKS])
def test_distances_are_measured_where_the_serving_graph_measures_them(blocks: tuple[BlockName, ...]) -> None:
    model, picture = build_vector_network(blocks), filled((200, 30, 30))

    at_layer = keras.Model(model.input, model.get_layer(FEATURES_LAYER).output).predict(picture, verbose=0)

    assert np.allclose(
        compute_features(model, [picture]).upright[:, get_distance_slice(blocks)], at_layer, atol=1e-5
    )


def test_the_palette_is_the_same_of_the_mirror_image(palette: Network) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (2, *BLOCKS_INPUT_CONTRACT.array_shape), np.uint8)

    seen = compute_features(palette, [noise])

    assert np.allclose(seen.upright, seen.mirrored, atol=1e-4)
