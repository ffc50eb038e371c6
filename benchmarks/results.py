"""Keep what a benchmark measured: figures as JSON in docs/results/, with command, machine and versions.

Writes that folder, or the one that it is given. Names no host.
"""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from model_store.release_files import write_atomically

FOLDER = Path(__file__).parent.parent / "docs" / "results"

LIBRARIES = ("gunicorn", "flask", "onnxruntime", "opencv-python-headless", "pillow-heif", "numpy")
"""Packages whose version may change the figures."""

Figures: TypeAlias = "Mapping[str, object]"


def save(name: str, command: str, figures: Figures, folder: Path = FOLDER) -> Path:
    """Write NAME.json whole, in place of an older one.

    Args:
        name: of the benchmark.
        command: what to type to measure again.
        figures: what was measured, JSON as it is.
        folder: made if absent.

    Returns:
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    document = {"command": command, "measured_at": _now(), "machine": machine(), **figures}
    write_atomically(path, f"{json.dumps(document, indent=1)}\n".encode())
    return path


def machine() -> dict[str, object]:
    """Processor, cores this process may use, Python, and the libraries that matter."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def commit(checkout: Path) -> str:
    """The commit that is checked out."""
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()
