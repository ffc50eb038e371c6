"""Open a verified release as the model that the service serves: networks, report and figures in memory."""

import logging

from app.releases.serving import ServedModel
from model_store.errors import ReportInvalid
from model_store.local_releases import LocalRelease
from model_store.release_files import FIGURE_MEDIA_TYPES, FIGURES_FOLDER, REPORT_FILE
from model_store.release_networks import open_networks
from reports.values import Report, check_report, read_report

log = logging.getLogger("wardrobe")


def open_release_model(release: LocalRelease, number: int | None = None) -> ServedModel:
    """Load a verified release, and check that its networks still answer as they did when it was made.

    A release stores its first answers to a few pictures for this purpose, the golden answers.

    Args:
        number: the number of the promotion that made it current; None if it was not found through one.

    Raises:
        ModelError: the release cannot be run, or its answers differ from those at its creation.
        ReleaseError: its golden answers are unusable, or its report belongs to another model.
    """
    manifest = release.manifest
    networks = open_networks(release)
    return ServedModel(
        version=manifest.version,
        networks=networks,
        report=(release.folder / REPORT_FILE).read_bytes(),
        evaluation=_read_evaluation(release),
        manifest=manifest,
        figures=_read_figures(release),
        promotion_number=number,
    )


def _read_evaluation(release: LocalRelease) -> Report | None:
    try:
        report = read_report(release)
    except ReportInvalid as error:  # a newer version may write other keys, which classifying does not need
        log.warning(
            "%s %s is served, without a report page and a reference distribution.", error, release.version
        )
        return None
    check_report(report, release.manifest.labels, f"{REPORT_FILE} of {release.version}")
    return report


def _read_figures(release: LocalRelease) -> dict[str, bytes]:
    """Read the figures of the report, such as the confusion matrix, into memory."""
    # They take some 350 kB. The folder of a served release may be removed from the cache.
    paths = [
        release.folder / name for name in release.manifest.files if name.startswith(f"{FIGURES_FOLDER}/")
    ]
    return {
        path.name: path.read_bytes()
        for path in paths
        if path.parent.name == FIGURES_FOLDER and path.suffix in FIGURE_MEDIA_TYPES
    }
