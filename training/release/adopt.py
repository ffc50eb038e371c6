"""Make a release of a `.keras` model that was trained elsewhere.

Such a model may want its pixels in another shape or scale, and may return logits instead of probabilities.
This is found out first. Then layers are put around the model that reshape, scale and add a softmax; its own
layers keep their weights. From there on, the model is calibrated, measured and released like a network that
Wardrobe trained.
"""

from pathlib import Path
from typing import Final

import keras
import numpy as np
from keras import layers
from pydantic import JsonValue

from inference.arrays import PixelsBatch
from inference.contract import EDGE, LABEL
from inference.sessions.keras_file import is_hdf5_file, read_keras_version
from inference.sessions.keras_session import InferredInput, KerasSession
from inference.sessions.session import Scores
from model_store.manifest import Manifest
from model_store.release_files import GRAPH_FILE, MODEL_FILE, fingerprint_file
from reports.accept_threshold import DEFAULT_CONDITIONS, AcceptConditions
from reports.gate import compute_minimum_accuracy
from reports.model_card import DATA_LICENCE_KEY
from reports.network_figures import TrainingFigures
from training.data.fashion import LabelledData
from training.data.split import Split, hold_out_pictures
from training.environment import find_library_versions
from training.errors import ExportError
from training.gradient.networks.layers import FEATURES_LAYER
from training.heads.ood import Float32Array, fit_whitening
from training.progress import Progress
from training.release.adoption_checks import answer_at_both_scales, check_label_order, set_better_scale
from training.release.candidate import ReleaseCandidate
from training.release.complete import complete_release
from training.release.export import PARITY_PICTURES, compute_layer_features, export_graph
from training.release.make import start_release
from training.release.parity import PARITY_TOLERANCE, check_parity
from training.release.pixel_scales import check_pixel_scale
from training.release.run_folder import check_no_release
from training.untyped import Network, Tensor

WIDEST: Final = 1024
"""Largest number of features for which a distance is measured. The matrix of the distance has as many rows
and columns, which are 4 MB of float32."""

ROUNDING: Final = 2**-19
"""Largest difference of a probability that float32 explains, as a share of the largest logit. Float32 rounds
a number by 2**-24 of its size, and sums in another order add up to 64 such roundings here. A probability
moves by at most half of what its logits move. The limit depends on the logits because a model that gets
pixels of another scale than it learnt has logits of thousands."""

HAND_MADE_TOLERANCE: Final = 1e-3
"""Smallest limit for the difference of a probability from the hand-made model, as for golden answers. It is
the only limit if the logits of the model cannot be read."""

ROUNDED_TOLERANCE: Final = 0.02
"""Largest difference of a probability from a model that computed in half precision. bfloat16 has 8 bits."""

HEAD: Final = "head"
"""Name of the layer that holds the model's last dense layer, in the network that is released."""

UNKNOWN: Final = (
    "adopted: how it was trained is not known. It may have seen the held-out pictures, which makes its "
    "calibration and thresholds too bold, or the test pictures, which makes its accuracy too high"
)


_OTHER_PRECISIONS: Final = ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
"""Names of number types other than float32 in a Keras configuration, for inputs and for layers."""

_AFTER_THE_LAST_DENSE: Final = ("Softmax", "Activation", "Dropout", "Identity")
"""Layers that may stand between the last dense layer and the answer without changing where features are."""


def adopt_model(  # noqa: PLR0913 - what is released, on which pictures, and what it accepts
    folder: Path,
    path: Path,
    data: LabelledData,
    progress: Progress,
    *,
    conditions: AcceptConditions = DEFAULT_CONDITIONS,
    is_forced: bool = False,
) -> Manifest:
    """Make a release of a Keras model that was trained elsewhere, calibrated and measured on pictures.

    Args:
        folder: the folder of the new release; nothing may have this name.
        path: the model, a `.keras` file.
        data: the pictures that calibrate and measure it; their labels are in the order of the model's
            outputs.
        progress: the display of the steps. It also says what was found out about the model.
        conditions: the conditions under which an answer is accepted.
        is_forced: whether to release the model even if it is hardly better than chance, or if its labels fit
            in another order.

    Raises:
        OutputUnusable: something has the name `folder`.
        ModelError: the model cannot be loaded, or does not read one 28 x 28 picture.
        ExportError: the model was quantized, or learnt pixels around 0; the numbers of labels and outputs
            differ, the labels fit much better in another order, or the model is hardly better than chance; or
            the serving graph cannot be made or answers differently from the model.
        BadRecipe: the training set has no picture of one of the labels.
        StoreError: the folder cannot be sealed.
    """
    check_no_release(folder)
    session = KerasSession(path, can_be_hdf5=True)
    _check_not_quantized(session.model, path)
    if session.outputs[LABEL] != len(data.labels):
        raise ExportError(
            f"{path}: {session.outputs[LABEL]} outputs, but {len(data.labels)} labels "
            f"({', '.join(data.labels)[:100]}). Each output needs one; --labels names them."
        )
    parts = hold_out_pictures(data.train, len(data.labels))
    answers = answer_at_both_scales(session, parts.validation)
    right = set_better_scale(session, answers, progress.say)
    if not is_forced:
        # Before the check for chance: labels in a wrong order make a good model look like chance.
        check_pixel_scale(path, session, parts)
        check_label_order(path, answers, data, right)
    if right < compute_minimum_accuracy(len(data.labels)) and not is_forced:
        raise ExportError(
            f"{path}: {right:.1%} of the held-out pictures are right; chance is {1 / len(data.labels):.0%}. "
            "Are --labels in the order of its outputs, and pixels prepared within the model? --force "
            "releases it all the same."
        )
    candidate = ReleaseCandidate(
        network=session.model.name,
        model=session.model,
        training=_describe_training(path, session, len(parts.validation), data.licence),
        data=data,
        split=parts,
        accept_conditions=conditions,
    )
    with start_release(folder) as unfinished:
        with progress.show_progress("exporting the graph and comparing it with the model"):
            without = export_adopted_model(unfinished, session, parts)
        if without:
            progress.say(without)
        return complete_release(unfinished, candidate, progress)[0]


def _check_not_quantized(model: Network, path: Path) -> None:
    """Refuse a model whose weights were rounded by `quantize`, since a release stores them in float32."""
    for layer in model._flatten_layers(include_self=False, recursive=True):
        mode = getattr(layer, "quantization_mode", None)
        if mode:
            raise ExportError(
                f"{path}: the model was saved after `quantize({str(mode)!r})` (layer {layer.name!r}), and "
                "adopt needs its weights before that. Save it before you call `quantize`: "
                "`model.save('model.keras')`."
            )


def export_adopted_model(folder: Path, session: KerasSession, split: Split) -> str | None:
    """Write model.keras and model.onnx of a hand-made model, and check that they answer as the model does.

    Args:
        folder: the folder of the two files.
        session: the hand-made model.
        split: the pictures: training ones fit the distance, held-out ones compare the files.

    Returns:
        A sentence that says why no answer will be `unfamiliar`; None if the files measure a distance.
    """
    config = keras.saving.serialize_keras_object(session.model)
    in_float32 = _replace_precisions(config)
    model = session.model
    if in_float32 != config:
        model = keras.saving.deserialize_keras_object(in_float32)
        model.set_weights(session.model.get_weights())
    artifact = wrap_model(model, session.habits)
    artifact.save(folder / MODEL_FILE, include_optimizer=False)
    features = next(
        (layer.output.shape[1] for layer in artifact.layers if layer.name == FEATURES_LAYER), None
    )
    whitening = None
    if features is not None and features <= WIDEST:
        learnt = _compute_float32_features(artifact, split.train.images)
        whitening = fit_whitening(learnt, split.train.classes, session.outputs[LABEL])
    export_graph(artifact, whitening, folder / GRAPH_FILE)
    pictures = split.validation.images[:PARITY_PICTURES]
    written = KerasSession(folder / MODEL_FILE)

    def compute_expected_scores(images: PixelsBatch) -> Scores:
        distances = (
            None
            if whitening is None
            else whitening.compute_distances(_compute_float32_features(artifact, images))
        )
        return Scores.make_class_scores(written.run(images).class_probabilities, distances)

    # Two comparisons: the graph with the file model.keras, which has the same layers, and then with the model
    # as it came, whose number type may have been another one.
    allowed = _compute_tolerance(artifact, pictures)
    check_parity(compute_expected_scores, folder / GRAPH_FILE, pictures, allowed)
    least = HAND_MADE_TOLERANCE if in_float32 == config else ROUNDED_TOLERANCE
    check_parity(session.run, folder / GRAPH_FILE, pictures, max(allowed, least))
    if whitening is not None:
        return None
    why = "the model does not end in a dense layer on a row of features"
    if features is not None:
        why = (
            f"the last dense layer has {features:,} features, and distances are measured in up to {WIDEST:,}"
        )
    return f"{why}, so nothing will be `unfamiliar`"


def _compute_tolerance(artifact: Network, pictures: PixelsBatch) -> float:
    """Return the largest difference of a probability that roundings of float32 explain."""
    layer = next((layer for layer in artifact.layers if layer.name == HEAD), None)
    if layer is None:
        return HAND_MADE_TOLERANCE
    dense = next(last for last in layer.layers if type(last) is layers.Dense)
    kernel, *bias = dense.get_weights()
    logits = _compute_float32_features(artifact, pictures) @ kernel + sum(bias)
    return max(PARITY_TOLERANCE, ROUNDING * float(np.abs(logits).max()))


def _compute_float32_features(artifact: Network, images: PixelsBatch) -> Float32Array:
    return np.asarray(compute_layer_features(artifact, images), np.float32)


def _replace_precisions(config: JsonValue) -> JsonValue:
    """Return a Keras configuration in which all number types, such as float16, become float32.

    ONNX Runtime rounds in other places than Keras, so half precision would give other answers. No processor
    that serves the model gains by it.
    """
    if isinstance(config, dict):
        return {key: _replace_precisions(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return type(config)(map(_replace_precisions, config))
    return "float32" if isinstance(config, str) and config in _OTHER_PRECISIONS else config


def _describe_training(
    path: Path, session: KerasSession, held_out: int, licence: str | None
) -> TrainingFigures:
    habits = session.habits
    return TrainingFigures(
        seed=None,
        epochs=None,
        best_epoch=None,
        seconds=None,
        hardware=None,
        libraries=find_library_versions(),
        configuration={
            "origin": UNKNOWN,
            "file": path.name,
            "file_sha256": fingerprint_file(path).sha256,
            "saved_by": "HDF5" if is_hdf5_file(path) else read_keras_version(path),
            "input_shape": list(habits.shape),
            "input_dtype": habits.dtype,
            "divisor_added": habits.divisor,
            "softmax_added": habits.softmax,
            "held_out": held_out,
            **({DATA_LICENCE_KEY: licence} if licence else {}),
        },
    )


def wrap_model(model: Network, inferred_input: InferredInput) -> Network:
    """Return a network around a hand-made model that gives it pixels in the shape and scale it expects.

    Args:
        model: the hand-made model, which computes in float32.
        inferred_input: the shape, scale and form of output that were found out about the model.

    Returns:
        A network from `pixels` uint8 (N, 28, 28) to `probabilities` float32 (N, C). If the
        model's last dense layer can be separated from the layers below it, the layer FEATURES_LAYER stands
        between them.
    """
    pixels = keras.Input((EDGE, EDGE), name="pixels", dtype="uint8")
    shaped = (
        layers.Reshape(inferred_input.shape, name="shape")(pixels)
        if inferred_input.shape != (EDGE, EDGE)
        else pixels
    )
    if "int" not in inferred_input.dtype:
        shaped = layers.Rescaling(1 / inferred_input.divisor, name="rescale", dtype="float32")(shaped)
    scores = _apply_model(model, shaped)
    ending = layers.Softmax if inferred_input.softmax else layers.Identity
    return keras.Model(pixels, ending(name="probabilities", dtype="float32")(scores), name="adopted")


def _apply_model(model: Network, fed: Tensor) -> Tensor:
    """Compute the model's scores. If its features can be reached, they are a layer between body and head."""
    features = _find_last_features(model)
    if features is None:
        return keras.Model(model.inputs, model.outputs[0], name="whole")(fed)
    body = keras.Model(model.inputs, features, name="body")
    head = keras.Model(features, model.outputs[0], name=HEAD)
    return head(layers.Identity(name=FEATURES_LAYER)(body(fed)))


def _find_last_features(model: Network) -> Tensor | None:
    """Return the input of the last dense layer.

    It is None if it is not one row of features for each picture, or if a layer other than a softmax or a
    dropout follows.
    """
    # From the output back along its history, not through `model.layers`: the layers of a Sequential may have
    # been called before, on other tensors.
    tensor = model.outputs[0]
    while True:
        operation, node, _ = tensor._keras_history
        given = operation._inbound_nodes[node].input_tensors
        if len(given) != 1:
            return None
        if type(operation) is layers.Dense:
            return given[0] if len(given[0].shape) == 2 else None
        if type(operation).__name__ not in _AFTER_THE_LAST_DENSE:
            return None
        tensor = given[0]
