"""Open the networks of a verified release, and compare their golden answers.

Reads the release's folder. Verifying that it is whole: local_releases.py; what they answer:
inference/networks.py.
"""

from inference.classifier import Classifier, open_classifier
from inference.networks import Networks
from model_store.local_releases import LocalRelease
from model_store.manifest import Network


def open_networks(release: LocalRelease) -> Networks:
    """Load a release's serving graphs, each run once over its golden pictures.

    Raises:
        ModelError: one cannot be run here, or answers otherwise than it did when it was made.
        ManifestInvalid: golden pictures are unusable.
    """
    networks = release.manifest.networks
    return Networks({name: _open_network(release, network) for name, network in networks.items()})


def _open_network(release: LocalRelease, network: Network) -> Classifier:
    classifier, golden = open_classifier(release.folder / network.graph, network.contract), network.golden
    pixels = golden.inputs(network.contract.input)
    classifier.check_golden_answers(pixels, golden.probabilities(), golden.distances)
    classifier.classify(pixels)  # what answers need beyond probabilities is there too
    return classifier
