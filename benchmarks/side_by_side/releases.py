"""Which network is served: the bundled release, any other, or a light one that is made for this.

A light network leaves more of a request to the server, so it shows what the server costs. Runs scripts.train
once, in runs/, which git ignores; writes a store where the service is to read a release from one.
"""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.side_by_side.peers import ROOT
from model_store.files import GRAPH, REPORT
from model_store.folder import FolderStore
from model_store.local import BUNDLED as BUNDLED_FOLDER
from model_store.local import open_release
from model_store.publish import publish
from model_store.report import parse_report

BUNDLED: Final = "bundled"
LIGHT: Final = "conv3_valid"
"""Three convolutions, 6.5 MFLOP, in half of the time of a ResNet of 19 MFLOP."""

LIGHT_RUN: Final = ROOT / "runs" / f"benchmark-{LIGHT}"
LIGHT_LIMIT = 10_000
"""Pictures that it learns from: how well it classifies says nothing of how fast it answers."""


class NoRelease(Exception):
    """The light release could not be made."""


@dataclass(frozen=True)
class Release:
    """A release that servers serve.

    Attributes:
        name: as the results call it.
        folder: that holds it.
    """

    name: str
    folder: Path

    def described(self) -> dict[str, object]:
        """What it is, as JSON: version, network, MFLOPs of a picture, and the graph's hash."""
        report = parse_report((self.folder / REPORT).read_bytes(), str(self.folder / REPORT))
        return {
            "name": self.name,
            "version": open_release(self.folder).version,
            "network": report.model.network,
            "mflops": report.model.mflops,
            "graph_sha256": hashlib.sha256((self.folder / GRAPH).read_bytes()).hexdigest(),
        }

    def address(self, folder: Path) -> str:
        """What WARDROBE_MODEL_STORE has to say: the release itself, if it is bundled, or a store of it.

        Args:
            folder: where the store is made.
        """
        if self.folder == BUNDLED_FOLDER:
            return "bundled"
        store = folder / f"store-{open_release(self.folder).version}"
        if not store.is_dir():
            publish(self.folder, FolderStore(store), by="benchmark")
        return str(store)


BUNDLED_RELEASE: Final = Release(BUNDLED, BUNDLED_FOLDER)


def release_in(folder: Path) -> Release:
    """The release in a folder, named after its network.

    Raises:
        ReleaseError: there is none, or it is damaged.
    """
    open_release(folder)
    return Release(
        parse_report((folder / REPORT).read_bytes(), str(folder / REPORT)).model.network, folder.resolve()
    )


def light_release() -> Release:
    """The light release, made by the command that users type if it is not there.

    Raises:
        NoRelease: it could not be trained.
    """
    folder = LIGHT_RUN / "release"
    if not (folder / GRAPH).is_file():
        made = subprocess.run(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "scripts.train", "--network", LIGHT, "--epochs", "1", "--seed", "0"),
                *("--limit", str(LIGHT_LIMIT), "--run", LIGHT_RUN, "--out", LIGHT_RUN / "store"),
            ],
            cwd=ROOT,
            check=False,
        )
        if made.returncode != 0:
            raise NoRelease("scripts.train could not make it; see above. --no-light does without.")
    return Release(LIGHT, folder)
