"""Draw mutants of a product file and count those that tests find: does a smaller suite hold as much?

`python -m tests.mutations reports/gate.py tests/unit/test_gate.py --most 40` changes one place of the file at
a time, in a copy of this checkout, and runs the tests until one fails. The draw rests on the file and the
seed alone, so that the same mutants are tried before and after a change of the tests. Reads this checkout;
writes to a temporary folder.
"""

import argparse
import ast
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
SHARED: Final = (".venv", ".venv-s3", ".venv-scale", ".cache")
"""Folders that the copy links to."""
OPPOSITE: Final[dict[type[ast.cmpop], ast.cmpop]] = {
    ast.Lt: ast.LtE(),
    ast.LtE: ast.Lt(),
    ast.Gt: ast.GtE(),
    ast.GtE: ast.Gt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
}


class Mutant(NamedTuple):
    """One place of a file, as offsets of its UTF-8 bytes, and what takes its place."""

    kind: str
    line: int
    start: int
    end: int
    text: str


def main() -> int:
    """Try the mutants drawn, a line each; exit status 1 where the tests fail before any change."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="a product file, relative to the checkout")
    parser.add_argument("tests", nargs="+", help="test files, or cases as pytest names them")
    parser.add_argument("--most", type=int, default=40, help="the number of mutants to draw")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    source = (ROOT / options.file).read_bytes()
    places = list(mutants(source))
    drawn = sorted(random.Random(options.seed).sample(places, min(options.most, len(places))))
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder) / "wardrobe")
        began = time.monotonic()
        if not passes(options.tests, copy, seconds=1800):
            print("these tests fail without any change")
            return 1
        # A mutant that never ends counts as found.
        limit = 30 + 5 * (time.monotonic() - began)
        missed = 0
        for number, mutant in enumerate(sorted(drawn, key=lambda mutant: mutant.start), start=1):
            (copy / options.file).write_bytes(changed(source, mutant))
            # Bytecode goes by size and second: without a second of its own, one mutant passes for another.
            os.utime(copy / options.file, (number, number))
            is_missed = passes(options.tests, copy, limit)
            missed += is_missed
            before = source[mutant.start : mutant.end].decode().split("\n")[0]
            verdict = "MISSED" if is_missed else "found"
            print(
                f"{number:3} {verdict:6} {mutant.line:4} {mutant.kind}: {before} -> {mutant.text}", flush=True
            )
    print(f"{options.file}: {len(drawn) - missed} of {len(drawn)} found, of {len(places)} places")
    return 0


def mutants(source: bytes) -> Iterator[Mutant]:
    """Every place of a file that can be changed: comparisons, conditions, calls, errors, results."""
    tree = ast.parse(source)
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    # Python 3.11 gives wrong positions inside f-strings.
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    in_strings = {id(part) for node in strings for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in in_strings:
            continue
        for kind, place, text in changes(node):
            start = starts[place.lineno - 1] + place.col_offset
            end = starts[(place.end_lineno or place.lineno) - 1] + (place.end_col_offset or 0)
            yield Mutant(kind, place.lineno, start, end, text)


def changes(node: ast.AST) -> Iterator[tuple[str, ast.expr | ast.stmt, str]]:
    """The changes of one node: their kind, the place, and the new text."""
    match node:
        case ast.Compare(ops=[operator]):
            opposite = ast.Compare(node.left, [OPPOSITE[type(operator)]], node.comparators)
            yield "comparison", node, f"({ast.unparse(opposite)})"
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield "condition", test, f"(not ({ast.unparse(test)}))"
        case ast.comprehension(ifs=[test, *_]):
            yield "condition", test, "(True)"
        case ast.Expr(value=ast.Call()):
            yield "call", node, "pass"
        case ast.Raise():
            yield "error", node, "pass"
        case ast.Return(value=ast.expr() as value) if not is_none(value):
            yield "result", value, "None"


def is_none(value: ast.expr) -> bool:
    """Whether an expression is the constant None."""
    return isinstance(value, ast.Constant) and value.value is None


def changed(source: bytes, mutant: Mutant) -> bytes:
    """The file with this change alone."""
    return source[: mutant.start] + mutant.text.encode() + source[mutant.end :]


def copied(folder: Path) -> Path:
    """A checkout with the files of this one, those that are not committed included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(SHARED):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    # So that tests of the photos beside a checkout find them beside the copy.
    if (ROOT.parent / "shared").exists():
        (folder.parent / "shared").symlink_to(ROOT.parent / "shared")
    return folder


def passes(tests: list[str], copy: Path, seconds: float) -> bool:
    """Whether these tests pass in a copy in time; a run that takes longer is ended and has not passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", *tests]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    silent = subprocess.DEVNULL
    with subprocess.Popen(
        command,
        cwd=copy,
        env=environment | {"PYTHONPATH": str(copy)},
        stdout=silent,
        stderr=silent,
        start_new_session=True,
    ) as run:
        try:
            return run.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # and what the tests started
            return False


if __name__ == "__main__":
    sys.exit(main())
