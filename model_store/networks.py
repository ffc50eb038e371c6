"""Open the networks of a verified release, and compare their golden answers.

Reads the release's folder. Verifying that it is whole: local.py; what they answer: inference/classifier.py.
"""

from inference.classifier import Classifier, open_classifier
from model_store.files import GRAPH
from model_store.local import LocalRelease
from model_store.manifest import Golden


def open_networks(release: LocalRelease) -> Classifier:
    """Load a release's serving graphs, each run once over its golden pictures.

    Raises:
        ModelError: one cannot be run here, or answers otherwise than it did when it was made.
        ManifestInvalid: golden pictures are unusable.
    """
    manifest = release.manifest
    classifier = _checked(open_classifier(release.folder / GRAPH, manifest.model), manifest.golden)
    if manifest.photos is None:
        return classifier
    photos = open_classifier(release.photo_graph, manifest.photo_contract)
    return classifier.with_photos(_checked(photos, manifest.photos.golden))


def _checked(classifier: Classifier, golden: Golden) -> Classifier:
    pixels = golden.inputs(classifier.contract.input)
    classifier.check_golden(pixels, golden.answers(), golden.distances)
    classifier.classify(pixels)  # what answers need beyond probabilities is there too
    return classifier
