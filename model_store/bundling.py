"""Replace the bundled release, whole, if the gate lets the new one pass. Touches the folder above it."""

import shutil
from pathlib import Path

from model_store.errors import NotFound
from model_store.local import open_release
from model_store.publish import Published, ask_gate


def replace_bundled(release: Path, bundled: Path, *, force: bool) -> Published:
    """Put a copy of a release in the place of the bundled one.

    Args:
        release: a sealed release; it stays where it is.
        bundled: the folder to replace; need not be there.
        force: ignore the gate; its objection is in the verdict.

    Raises:
        GateRefused: the bundled release is better, or has other labels.
        ReleaseError: either is no release that may be served.
    """
    made = open_release(release).manifest
    try:
        held = open_release(bundled).manifest
    except NotFound:
        held = None
    verdict = ask_gate(made, held, force)
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
    return Published(made, None, verdict)
