"""The version of the product: pyproject.toml says it, and everything that shows it follows."""

import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from app import __version__
from tests.commands import done
from tests.service import ROOT

OVERLAYS = ("bundled", "s3")


def test_the_service_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert __version__ == project["version"]


def test_the_changelog_begins_with_it() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")

    newest = re.findall(r"^## (\d\S*) - \d{4}-\d\d-\d\d$", text, re.MULTILINE)[0]

    assert newest == __version__


def test_the_image_is_labelled_with_it(tmp_path: Path) -> None:
    builder = tmp_path / "buildah"
    builder.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', "utf-8")
    builder.chmod(0o755)

    built = done([ROOT / "scripts/build_image.sh", "shop"], PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert f"--build-arg\nVERSION={__version__}\n" in built.stdout, built.stderr
    assert 'org.opencontainers.image.version="${VERSION}"' in (ROOT / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_pulls_it(overlay: str) -> None:
    file = ROOT / "deploy/kubernetes/overlays" / overlay / "kustomization.yaml"

    [image] = yaml.safe_load(file.read_text("utf-8"))["images"]

    assert image["newTag"] == __version__
