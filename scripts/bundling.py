"""Replace the release that comes with the package, whole.

Writes beside model_store/bundled/ and then swaps the folders; the gate is asked as for any store.
"""

import shutil
from pathlib import Path

from model_store.errors import GateRefused, NotFound
from model_store.gate import check_gate
from model_store.local import open_release
from model_store.manifest import Manifest


def replace_bundled(release: Path, bundled: Path, *, force: bool) -> str:
    """Put a release in the place of the bundled one.

    Args:
        release: a sealed release; it stays where it is.
        bundled: the folder to replace; need not be there.
        force: go past the gate.

    Returns:
        What the gate had to say.

    Raises:
        GateRefused: the bundled release is better, or has other labels.
        ReleaseError: either is no release that may be served.
    """
    verdict = _ask_gate(open_release(release).manifest, bundled, force)
    arriving, leaving = bundled.with_name(".bundled-new"), bundled.with_name(".bundled-old")
    for left_over in (arriving, leaving):
        shutil.rmtree(left_over, ignore_errors=True)
    bundled.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(release, arriving)
    open_release(arriving)
    if bundled.exists():
        bundled.rename(leaving)
    arriving.rename(bundled)
    shutil.rmtree(leaving, ignore_errors=True)
    return verdict


def _ask_gate(candidate: Manifest, bundled: Path, force: bool) -> str:
    try:
        return check_gate(candidate, open_release(bundled).manifest)
    except NotFound:
        return check_gate(candidate, None)
    except GateRefused as error:
        if not force:
            raise
        return f"Forced past the gate: {error}"
