"""Open the networks of a verified release, and check that they still give their golden answers.

Golden answers are stored with the release: the probabilities that its graph gave for a few pictures when it
was made. Another version of ONNX Runtime, or another processor, could compute something else.
"""

from inference.classifier import Classifier, open_classifier
from inference.networks import Networks
from model_store.local_releases import LocalRelease
from model_store.manifest import ReleaseNetwork


def open_networks(release: LocalRelease) -> Networks:
    """Load the ONNX graphs of a verified release, and check each on its golden pictures.

    Raises:
        ModelError: a graph cannot be run here, or its answers differ from those at its creation.
        ManifestInvalid: the golden pictures are unusable.
    """
    networks = release.manifest.networks
    return Networks({name: _open_network(release, network) for name, network in networks.items()})


def _open_network(release: LocalRelease, network: ReleaseNetwork) -> Classifier:
    classifier = open_classifier(release.folder / network.graph, network.contract)
    golden = network.golden
    pixels = golden.decode_pixels(network.contract.input)
    classifier.check_golden_answers(pixels, golden.decode_answers(), golden.distances)
    # The golden answers are probabilities alone. This runs the rest of an answer as well (thresholds,
    # familiarity), so that a fault there stops the start and not the first request.
    classifier.classify(pixels)
    return classifier
