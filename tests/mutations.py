"""Thirty changes of product code, each of one line, that a test has to find: does the net hold?

`python -m tests.mutations` tries them all, `python -m tests.mutations 3 17` two of them. Each is made in a
copy of this checkout, and the files that should find it run until the first failure. Exit status 1 where one
was not found, or its line is no longer there: write the missing test, or choose another line of the kind.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent

BESIDE: Final = (".venv", ".venv-s3", ".venv-scale", ".cache")
"""What the copy shares with this checkout."""


class Mutation(NamedTuple):
    """One change: in `file`, `old` becomes `new`; one of `tests`, below tests/, has to fail."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTATIONS: Final = (
    # A picture: which lane decodes it, what bounds it, which pixels it becomes.
    Mutation(
        "inference/opening.py",
        "if not scanned.is_bounded:",
        "if False:",
        ("unit/test_decode.py", "unit/test_scan.py"),
    ),
    Mutation(
        "inference/isolated_decoder.py",
        "MEGABYTES, PIXEL_BYTES = 100, 16",
        "MEGABYTES, PIXEL_BYTES = 100_000, 16",
        ("unit/test_isolated_decoder.py",),
    ),
    Mutation(
        "inference/isolated_decoder.py",
        "signal.setitimer(signal.ITIMER_PROF, left + seconds)",
        "signal.setitimer(signal.ITIMER_PROF, left + 100 * seconds)",
        ("unit/test_isolated_decoder.py",),
    ),
    Mutation(
        "inference/samples.py",
        "    6: Image.Transpose.ROTATE_270,",
        "    6: Image.Transpose.ROTATE_90,",
        ("unit/test_decode.py",),
    ),
    Mutation("inference/convert.py", "if border.is_light():", "if True:", ("unit/test_convert.py",)),
    Mutation(
        "inference/framing.py",
        "(EDGE - height + 1) // 2, (EDGE - width + 1) // 2",
        "(EDGE - height) // 2, (EDGE - width) // 2",
        ("unit/test_convert.py",),
    ),
    # An answer: its confidence, its decision, its reason.
    Mutation(
        "inference/decision.py",
        "max(probabilities), 1 / temperature",
        "max(probabilities), temperature",
        ("unit/test_decision.py",),
    ),
    Mutation(
        "inference/decision.py",
        "if confidence < least_confidence:",
        "if confidence <= least_confidence:",
        ("unit/test_decision.py",),
    ),
    Mutation(
        "inference/classifier.py",
        'if not has_it and reason != "unfamiliar":',
        "if not has_it:",
        ("unit/test_classifier.py",),
    ),
    # The service: statuses, keys, rates, what it says of an outdated release.
    Mutation(
        "app/api/problems.py",
        "INTERNAL_DETAIL if problem is INTERNAL else str(error)[:DETAIL_LENGTH]",
        "str(error)[:DETAIL_LENGTH]",
        ("contract/service/test_problems.py",),
    ),
    Mutation(
        "app/api/predict.py",
        "if parameters.explain:",
        "if False:",
        ("contract/service/test_batch.py", "contract/service/test_predict.py"),
    ),
    Mutation(
        "app/security/api_keys.py",
        '"page.icon",',
        '"model.metrics",',
        ("contract/service/test_access_control.py",),
    ),
    Mutation(
        "app/security/rate_limits.py",
        "IPV6_CLIENT_BITS = 64",
        "IPV6_CLIENT_BITS = 128",
        ("unit/test_limits.py",),
    ),
    Mutation(
        "app/releases/serving.py",
        "since = self.fault.since if self.fault else now",
        "since = now",
        ("contract/service/test_model.py",),
    ),
    # The store: its codes, its order, what it verifies, whose signature counts.
    Mutation(
        "model_store/s3.py",
        '{"PreconditionFailed", "412", "ConditionalRequestConflict"}',
        '{"PreconditionFailed", "ConditionalRequestConflict"}',
        ("unit/test_s3_answers.py",),
    ),
    Mutation(
        "model_store/s3.py",
        '"DeleteObject": "s3:DeleteObject under this prefix",',
        '"DeleteObject": "s3:PutObject under this prefix",',
        ("unit/test_s3_answers.py",),
    ),
    Mutation(
        "model_store/publish.py",
        "check_complete(store, manifest)  # or between that check and the promotion",
        "pass",
        ("unit/test_promote_and_prune.py",),
    ),
    Mutation(
        "model_store/publish.py",
        "    if not _holds(store, key, entry, scratch):\n        raise StoreBroken",
        "    if False:\n        raise StoreBroken",
        ("unit/test_promote_and_prune.py",),
    ),
    Mutation(
        "model_store/files.py",
        "if limit is not None and taken > limit:",
        "if limit is not None and taken > limit + 1:",
        ("contract/store/test_store.py",),
    ),
    Mutation(
        "model_store/local.py",
        "if actual.sha256 != expected.sha256:",
        "if False:",
        ("contract/service/test_bad_releases.py",),
    ),
    Mutation(
        "model_store/signing.py", "if not any(_made_by", "if not all(_made_by", ("unit/test_signing.py",)
    ),
    # Labelling: runs, workers that die, which answer of a person counts.
    Mutation(
        "labelling/workers/labeller.py",
        "rows += map(_applicable, answers)",
        "rows = list(map(_applicable, answers))",
        ("contract/labelling/test_label_runs.py",),
    ),
    Mutation(
        "labelling/workers/processes.py",
        'return f"was ended by {signal.Signals(-code).name}"',
        'return "was ended"',
        ("contract/labelling/test_label_runs.py",),
    ),
    Mutation(
        "labelling/review/corrections.py",
        "correction.at >= last[key].at:",
        "correction.at > last[key].at:",
        ("unit/test_corrections.py",),
    ),
    # Reports: a column of the table, what may follow what.
    Mutation(
        "reports/answers.py",
        '"networks": ("network", "pixels"),',
        '"networks": ("network", "photos"),',
        ("unit/test_answers.py",),
    ),
    Mutation("reports/gate.py", "2 * LEVEL / left", "2 * LEVEL", ("unit/test_gate.py",)),
    # Training: folds, near copies, held-out pictures, thresholds, checkpoints.
    Mutation(
        "training/heads/cross_val.py",
        "~np.isin(groups[learnable], groups[answered])",
        "~np.isin(np.arange(len(groups)), answered)",
        ("unit/test_split.py",),
    ),
    Mutation(
        "training/data/near_copies.py",
        "(lightness <= NEAR_LIGHTNESS) & (colour <= NEAR_COLOUR)",
        "lightness <= NEAR_LIGHTNESS",
        ("unit/test_data_command.py", "unit/test_own_pictures.py"),
    ),
    Mutation(
        "training/decide/requirements.py",
        "} - {CORRECTED_TIER}",
        "}",
        ("unit/test_decide.py",),
    ),
    Mutation(
        "training/gradient/fitting/checkpoints.py",
        "if checkpoint.fingerprint != run.fingerprint:",
        "if False:",
        ("unit/test_training_checkpoints.py",),
    ),
)


def main(numbers: list[int]) -> int:
    """Try these mutations, 1-based; all of them for none."""
    chosen = numbers or range(1, len(MUTATIONS) + 1)
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder) / "wardrobe")
        verdicts = [tried(number, copy) for number in chosen]
    found = verdicts.count("found")
    print(f"{found} of {len(verdicts)} found")
    return 0 if found == len(verdicts) else 1


def copied(folder: Path) -> Path:
    """A checkout with the files of this one, those that are not committed included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    for name in BESIDE:
        (folder / name).symlink_to(ROOT / name)
    return folder


def tried(number: int, copy: Path) -> str:
    """Make one change, run its tests, undo it; a line says what came of it."""
    mutation = MUTATIONS[number - 1]
    path, began = copy / mutation.file, time.monotonic()
    text = path.read_text("utf-8") if path.exists() else ""
    verdict, which = "the text is not there any more", ""
    if text.count(mutation.old) == 1:
        path.write_text(text.replace(mutation.old, mutation.new), "utf-8")
        verdict, which = run(mutation.tests, copy)
        path.write_text(text, "utf-8")
    print(f"{number:2} {verdict}: {mutation.file} ({time.monotonic() - began:.0f} s) {which}", flush=True)
    return verdict


def run(tests: tuple[str, ...], copy: Path) -> tuple[str, str]:
    """What test files say of a copy, and the test that failed."""
    paths = [f"tests/{name}" for name in tests]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", *paths],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if ended.returncode == 1 and failed:
        return "found", failed[0]
    return ("NOT FOUND", "") if ended.returncode == 0 else ("the tests did not run", ended.stdout[-2000:])


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]]))
