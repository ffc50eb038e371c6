"""Open the networks of a verified release, and compare their golden answers.

The folder of the release is only read. local_releases.py verifies that it is whole, and inference/networks.py
has the networks.
"""

from inference.classifier import Classifier, open_classifier
from inference.networks import Networks
from model_store.local_releases import LocalRelease
from model_store.manifest import ReleaseNetwork


def open_networks(release: LocalRelease) -> Networks:
    """Load the ONNX graphs of a verified release, and check each on its golden pictures.

    Golden pictures are inputs with the answers that the graph gave when the release was made.

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
    classifier.classify(pixels)  # this also runs the parts of an answer beside the probabilities
    return classifier
