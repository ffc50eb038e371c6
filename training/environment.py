"""Describe the environment of a training: hardware, versions of libraries, and the git commit of this code.

A release records them in its report and its manifest. The name of the machine is not among them.
"""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

RECORDED_LIBRARIES: Final = (
    "tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "numpy", "scikit-learn", "matplotlib"
)  # fmt: skip
"""Packages whose version may change the result of a training."""

CPU_INFO_FILE: Final = Path("/proc/cpuinfo")
"""File in which Linux describes the processors."""


def describe_hardware() -> str:
    """Describe the processor or accelerator, and the cores that this process may use: `AMD EPYC, 2 cores`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ", ".join(
        [*list_accelerators(), _find_processor_name(), f"{cores} cores" if cores > 1 else "1 core"]
    )


def list_accelerators() -> list[str]:
    """List the names of the GPUs that TensorFlow finds; empty on a processor alone."""
    import tensorflow as tf  # noqa: PLC0415 - takes seconds to load, which the commit does not need

    details = tf.config.experimental.get_device_details
    return [details(device).get("device_name", "GPU") for device in tf.config.list_physical_devices("GPU")]


def _find_processor_name() -> str:
    """Return the name of the processor, such as `AMD EPYC 7B13`, or its architecture if there is no name."""
    if CPU_INFO_FILE.is_file():
        for line in CPU_INFO_FILE.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def find_library_versions() -> dict[str, str]:
    """Return the versions of Python and RECORDED_LIBRARIES by name; missing packages are left out."""
    versions = {"python": platform.python_version()}
    for name in RECORDED_LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def find_git_commit() -> str | None:
    """Return the git commit of this code; None outside a checkout, or if git is not installed."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - no input from outside
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()
