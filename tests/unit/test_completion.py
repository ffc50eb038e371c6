"""What a shell offers when Tab is pressed, asked of real shells."""

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.completion import script
from tests.system_parts import require_system_part

ASK = """
source "$0"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$(complete -p wardrobe | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""Does what bash does at Tab: finds the function that is registered, and hands it the line."""


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("completion") / "wardrobe.bash"
    written.write_text(script("bash"), "utf-8")
    return written


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("wardrobe pre", ["predict"]),
        ("wardrobe comp", ["compare", "completion"]),
        ("wardrobe predict --st", ["--stages"]),
        ("wardrobe releases --store releases roll", ["rollback"]),
        ("wardrobe releases prune --dry", ["--dry-run"]),
        ("wardrobe train --recipe qu", ["quick"]),
        ("wardrobe completion z", ["zsh"]),
    ],
)
def test_bash_completes_verbs_options_and_choices(bash_script: Path, line: str, offered: list[str]) -> None:
    said = in_bash(bash_script, line)

    assert said == offered


def test_bash_offers_files_where_a_path_is_taken(bash_script: Path) -> None:
    said = in_bash(bash_script, f"wardrobe predict --image {bash_script.parent}/ward")

    assert said == [str(bash_script)]


def test_zsh_takes_its_script_for_the_command(tmp_path: Path) -> None:
    zsh = shutil.which("zsh")
    require_system_part("zsh", zsh is not None, "scripts/setup_system.sh installs it")
    written = tmp_path / "script"
    written.write_text(script("zsh"), "utf-8")
    asked = 'autoload -U compinit; compinit -D; eval "$(<$1)"; print $_comps[wardrobe]'

    ended = subprocess.run(
        [zsh or "", "-f", "-c", asked, "zsh", written], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "_shtab_wardrobe\n", "")


def in_bash(source: Path, line: str) -> list[str]:
    """What bash offers at the end of a line."""
    asked = ["bash", "--norc", "-c", ASK, str(source), *line.split()]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
