"""Report known vulnerabilities of the locked packages, and what can be checked without a network.

python -m scripts.audit [--offline] [--json]

pip-audit asks PyPI's vulnerability service about every pin. Then, of the index that pip installs from:
whether each locked file is still there with its hash and not withdrawn (yanked), and which packages have
newer releases. A package that could not be checked is listed and fails the audit; `--offline` skips
the services. `make audit` installs pip-audit first.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.command_line import command_parser
from scripts.json_output import Emit, add_json, json_output
from scripts.terminal import FAILED, run

ROOT = Path(__file__).parent.parent
SERVING = ROOT / "requirements" / "serve.txt"
LOCKS = (SERVING, ROOT / "requirements.txt", ROOT / "requirements" / "dev.txt")

ASK_SECONDS = "15"
"""What the vulnerability service may take for one answer."""


@dataclass(frozen=True)
class Audit:
    """What the service said of one lock file.

    Attributes:
        asked: packages that it knows.
        unknown: packages that it could not be asked about, or does not know.
        vulnerable: `name version: id (mended in ...)`.
        failure: why it was not asked at all; empty if it was.
    """

    asked: int = 0
    unknown: tuple[str, ...] = ()
    vulnerable: tuple[str, ...] = ()
    failure: str = ""


EXAMPLES = (
    "python -m scripts.audit",
    "python -m scripts.audit --offline",
)


def main(argv: list[str] | None = None) -> int:
    """Print what is known; 1 when a package is vulnerable, withdrawn, changed or could not be asked about."""
    arguments = build_parser().parse_args(argv)
    with json_output(arguments) as emit:
        return _audit(arguments.offline, emit)


def _audit(offline: bool, emit: Emit) -> int:
    audits = {} if offline else {lock.name: ask(lock) for lock in LOCKS}
    for name, audit in audits.items():
        _tell(name, audit)
    withdrawn = still_installable(SERVING)
    print(
        "\n".join(withdrawn)
        or f"{SERVING.name}: every file is at the index with its hash; none is withdrawn."
    )
    newer = newer_releases()
    _tell_newer(newer)
    if offline:
        print("No vulnerability service was asked (--offline).")
    clean = all(not (audit.vulnerable or audit.unknown or audit.failure) for audit in audits.values())
    locks = {name: asdict(audit) for name, audit in audits.items()}
    emit({"asked": not offline, "locks": locks, "withdrawn": withdrawn, "newer": newer})
    return 0 if clean and not withdrawn else FAILED


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("audit", __doc__, EXAMPLES)
    parser.add_argument("--offline", action="store_true", help="ask no vulnerability service")
    add_json(parser)
    return parser


def ask(lock: Path) -> Audit:
    """Ask pip-audit about the pins of a lock."""
    command = ["pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
    options = ["--format", "json", "--progress-spinner", "off", "--timeout", ASK_SECONDS]
    done = _python("-m", *command, *options)
    try:
        return read_answer(done.stdout)
    except ValueError:
        return Audit(failure=(done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:300])


def read_answer(answer: str) -> Audit:
    """Parse pip-audit's JSON.

    Raises:
        ValueError: it is none.
    """
    packages = json.loads(answer)["dependencies"]
    known = [package for package in packages if "skip_reason" not in package]
    return Audit(
        asked=len(known),
        unknown=tuple(package["name"] for package in packages if "skip_reason" in package),
        vulnerable=tuple(
            f"{package['name']} {package['version']}: {found['id']} "
            f"(mended in {', '.join(found['fix_versions']) or 'no release yet'})"
            for package in known
            for found in package["vulns"]
        ),
    )


def still_installable(lock: Path) -> list[str]:
    """What pip says against installing a lock by its hashes, without installing it; nothing is best."""
    # Without --no-deps pip would look for what markers leave out here.
    options = ["--dry-run", "--ignore-installed", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    done = _python(
        "-m", "pip", "install", "--disable-pip-version-check", *options, "--requirement", str(lock)
    )
    lines = re.findall(r"^(?:ERROR: |WARNING: (?=.*yanked))(.+)$", done.stderr, re.MULTILINE)
    return [f"{lock.name}: {line}" for line in lines]


def newer_releases() -> list[str]:
    """`name installed -> newest` of what is installed here, according to the index."""
    done = _python("-m", "pip", "list", "--outdated", "--format", "json", "--disable-pip-version-check")
    packages = json.loads(done.stdout or "[]")
    return [f"{each['name']} {each['version']} -> {each['latest_version']}" for each in packages]


def _tell(name: str, audit: Audit) -> None:
    if audit.failure:
        print(f"{name}: not audited: {audit.failure}")
        return
    print(f"{name}: {audit.asked} packages asked about, {len(audit.vulnerable)} known to be vulnerable.")
    for line in audit.vulnerable:
        print(f"  {line}")
    if audit.unknown:
        print(f"  {len(audit.unknown)} not audited, unknown there or out of reach: {_few(audit.unknown)}")


def _tell_newer(newer: list[str]) -> None:
    print(f"{len(newer)} packages installed here have newer releases{': ' if newer else '.'}{_few(newer)}")
    if newer:
        print("`make lock ARGS=--upgrade` takes those that the ranges in pyproject.toml allow.")


def _few(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")


def _python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - ours alone


if __name__ == "__main__":
    sys.exit(run(main))
