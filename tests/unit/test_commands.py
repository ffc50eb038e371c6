"""The commands as a list, and what each says of itself."""

import json
import os
import shlex
import shutil
import sys
from argparse import SUPPRESS, Namespace
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

from app import __version__
from model_store.errors import StoreRefused
from scripts.__main__ import UNKNOWN_VERB_EXIT_CODE, Verb, list_verbs, main
from scripts.console import print_message
from scripts.label_job import make_sheet_command
from scripts.terminal import run_main
from tests.commands import EVERY_PARSER, done
from tests.service import ROOT, free_port

VERBS = list_verbs()
EXAMPLES = [(verb, line) for verb in VERBS for line in verb.load_module().EXAMPLE_COMMANDS]


@pytest.mark.parametrize("verb", ["label", "data", "diff", "train", "improve", "evaluate", "tune"])
def test_every_command_that_reads_lists_or_corrections_takes_their_encoding(verb: str) -> None:
    command = next(one for one in VERBS if one.name == verb)

    assert "--encoding NAME" in command.load_module().build_parser().format_help()


def test_every_file_with_a_parser_of_its_own_is_a_verb() -> None:
    commands = {
        path.stem
        for path in (ROOT / "scripts").glob("*.py")
        if "\ndef build_parser(" in path.read_text("utf-8")
    }

    assert {verb.name for verb in VERBS} == commands - {"__main__"}


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_says_what_a_command_is_for_and_ends_with_examples(verb: Verb) -> None:
    told = verb.load_module().build_parser().format_help()

    assert told.startswith(f"usage: wardrobe {verb.name} ")
    assert verb.summary in told
    assert told.rstrip("\n").endswith("examples:\n  " + "\n  ".join(verb.load_module().EXAMPLE_COMMANDS))


STOPPED_WHILE_IT_IMPORTS = """
import runpy, sys

class Stop:
    def find_spec(self, name, *_):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Stop())
sys.argv[1:] = ["train", "--help"]
runpy.run_module("scripts", run_name="__main__", alter_sys=True)
"""
"""A command that is stopped at the moment at which it imports a module."""


@pytest.mark.parametrize("module", ["app", "scripts.terminal", "rich", "numpy", "scripts.train", "training"])
def test_ctrl_c_ends_a_command_without_a_traceback_while_it_imports(module: str) -> None:
    ended = done([sys.executable, "-c", STOPPED_WHILE_IT_IMPORTS.format(module=module)])

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "wardrobe: interrupted.\n")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_help_of_each_option_with_a_default_shows_it(verb: Verb) -> None:
    options = verb.load_module().build_parser()._actions

    assert [
        option.option_strings[-1]
        for option in options
        if option.option_strings and option.help not in {SUPPRESS, None}
        if option.default not in (None, False, [], (), SUPPRESS) and "(default: " not in option.help
    ] == []


@pytest.mark.parametrize("named", [("scripts", "train"), ("scripts.train",)], ids=" ".join)
def test_a_command_can_be_run_without_being_installed(named: tuple[str, ...]) -> None:
    ended = done([sys.executable, "-m", *named, "--help"])

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("usage: wardrobe train ")


@pytest.mark.parametrize(("verb", "line"), EXAMPLES, ids=[line for _, line in EXAMPLES])
def test_every_example_is_one_that_the_command_takes(verb: Verb, line: str) -> None:
    command, name, *rest = shlex.split(line)

    verb.load_module().build_parser().parse_known_args(rest)

    assert (command, name) == ("wardrobe", verb.name)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]], ids=["bare", "--help", "-h"])
def test_without_a_verb_each_is_listed_in_a_line(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    with suppress(SystemExit):
        main(words)

    listed = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in listed if line[:1] in [[verb.name] for verb in VERBS]] == [
        [verb.name, verb.summary] for verb in VERBS
    ]


def test_wrong_usage_ends_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["label", "--out", "a.csv", "--no-such-option", "photos"])

    [line] = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert line.startswith("wardrobe label: unrecognized arguments: --no-such-option")
    assert line.endswith(" See wardrobe label --help.")


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("label photos --out a.csv --rest", "--restart"),
        ("label photos --out a.csv --rows x", None),
        ("label photos --out=a.csv --titl=x", "--title-column"),
        ("train --epo 3", "--epochs"),
        ("releases prune --kee 3", "--keep"),
        ("releases --stor st list", None),
        ("keys add shop --fil f --jso", None),
    ],
)
def test_an_option_is_written_in_full(
    line: str, option: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    verb, *words = line.split()

    with pytest.raises(SystemExit) as ended:
        main([verb, *words])

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert option is None or f"Did you mean {option}?" in said


def test_with_json_the_verbs_are_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--json"])

    assert code == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": verb.name, "summary": verb.summary} for verb in VERBS
    ]


def test_a_word_behind_json_that_is_no_verb_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "trian"]) == UNKNOWN_VERB_EXIT_CODE
    assert "trian: no such verb. Did you mean `wardrobe train`?" in capsys.readouterr().err


def test_the_version_is_that_of_the_product(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"wardrobe {__version__}\n"


def test_options_of_serve_become_its_variables_and_others_go_to_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def become(_: str, *words_and_environment: Any) -> NoReturn:
        raise SystemExit(words_and_environment)

    monkeypatch.setattr(os, "environ", dict(os.environ))  # `serve` writes into it
    port = str(free_port())
    for name, value in {"PORT": "9000", "WARDROBE_LOG_LEVEL": "ERROR"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "execve", become)

    options = f"--port {port} --host 127.0.0.2 --workers 2 --model releases --threads 4"

    with pytest.raises(SystemExit) as became:
        main(["serve", *options.split()])

    words, environment = cast("Any", became.value.code)
    assert words[-3:] == ["--threads", "4", "wsgi:app"]
    expected = {
        "PORT": port,
        "BIND": "127.0.0.2",
        "WEB_CONCURRENCY": "2",
        "WARDROBE_MODEL_STORE": "releases",
        "WARDROBE_LOG_LEVEL": "ERROR",
    }
    assert {name: environment[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("predcit", "Did you mean `wardrobe predict`? "),
        ("promote", "Did you mean `wardrobe releases promote`? "),
        ("rolback", "Did you mean `wardrobe releases rollback`? "),
        ("sign", "Did you mean `wardrobe signing sign`? "),
        ("list", "Did you mean `wardrobe releases list` or `wardrobe keys list`? "),
        ("xyzzy", ""),
    ],
)
def test_an_unknown_verb_names_the_nearest(word: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([word, "--image", "shirt.jpg"])

    assert code == 2
    assert capsys.readouterr().err == (f"wardrobe: {word}: no such verb. {meant}`wardrobe` lists them all.\n")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("main.py --mode train", "`wardrobe train`"),
        ("predict.py shirt.jpg", "`wardrobe predict`"),
        ("app.py", "`wardrobe serve`"),
        ("--mode train", "`wardrobe train`"),
        ("--epochs=3", "`wardrobe train`"),
    ],
)
def test_the_command_of_another_project_names_ours_and_the_page_on_these(
    line: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    said = capsys.readouterr().err
    assert command in said
    assert "docs/how-to/from-other-projects.md" in said


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("predict", "name at least one picture"),
        ("label photos --out t.csv --workers 0", "'0': expected a whole number, 1 or more"),
        ("label --out t.csv", "name a SOURCE to label, or --corrections"),
        ("label photos --out t.csv --audit 9", "--audit needs --review FILE.html"),
        ("train --train a.csv", "--train and --test belong together"),
        ("train --data d --train a.csv --test b.csv", "give one of the two"),
        ("train --data d --from bundled", "Own classes: --data PLACE alone; corrections: wardrobe improve"),
        ("train --fast --network conv3", "--fast is for photos of own classes"),
        ("train --photos photos", "--photos fits a network of the release that --from names"),
        ("train --recipe bundled", "For photos use --from bundled --photos CSV"),
        ("train --from bundled --photos p --network conv3", "--network is not for --photos"),
        ("train --from bundled --photos p --epochs 3", "--epochs is not for --photos"),
        ("train --accept-right 0.4", "--accept-right: 0.4: expected 0.5 or more, and less than 1"),
        ("train --accept-confidence 75", "--accept-confidence: 75: expected 0 or more, and less than 1"),
        ("adopt mine.keras --labels coat,coat", "expected names that differ"),
        ("adopt mine.keras --labels coat,,shoe", "expected names that differ"),
        ("train --mode test", "'test': this verb trains; type `wardrobe evaluate`"),
        ("evaluate --split unseen", "--split goes with --photos"),
        ("evaluate --photos p --data d", "measured without a data set"),
        ("compare --networks dense,vgg19", "'vgg19' is none of dense, conv2_same"),
        ("releases list", "--store is missing"),
        ("diff a b photos --allow x", "argument --allow: 'x': expected a number from 0 to 1"),
        ("train --learning-rate fast", "argument --learning-rate: 'fast': expected a number"),
        ("train --epochs 1.5", "argument --epochs: '1.5': expected a whole number"),
        (
            "label photos --out t.csv --review r.html --audit many",
            "'many': expected a whole number, 0 or more",
        ),
        (
            "releases --store x prune --keep 0",
            "'0': expected a whole number, 1 or more, since current has to stay",
        ),
        ("releases --store x prune --older-than -1", "-1 is no age"),
        ("releases --store x promte 1", "Did you mean promote?"),
        ("keys add a:b --file keys", "'a:b' is no name"),
    ],
)
def test_wrong_usage_is_exit_2_with_the_reason(
    line: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as ended:
        main(line.split())

    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


DOCUMENTS = {
    "keys add shop --file keys --json": {"name", "key"},
    "keys --json list --file keys": {"keys"},
    "--json keys list --file keys": {"keys"},
    "keys add app --file keys --json": {"name", "key"},
    "keys remove shop --file keys --json": {"name", "left"},
    "signing new some.key --json": {"key", "public"},
    "signing sign bundled some.key --json": {"version", "signature"},
    "signing --json check bundled some.key.pub": {"version", "trusted"},
}
"""What is typed, one after the other, and the fields of what is printed."""


def test_with_json_stdout_is_one_document_and_of_an_error_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "model_store/bundled", tmp_path / "bundled")
    monkeypatch.chdir(tmp_path)

    def typed(line: str) -> set[str]:
        assert main(line.split()) == 0
        return set(json.loads(capsys.readouterr().out))

    assert {line: typed(line) for line in DOCUMENTS} == DOCUMENTS

    code = run_main(lambda: main(["signing", "new", "some.key", "--json"]))
    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    assert told.err.startswith("wardrobe: some.key.pub: is there already.")


def test_a_message_keeps_the_blanks_of_a_name_and_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_message("two  blanks.png: is there.\n  Move it.")

    assert capsys.readouterr().err == "wardrobe: two  blanks.png: is there. Move it.\n"


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""
TRAINING_ALONE = "tensorflow,keras,tf2onnx,onnx,sklearn,scipy,matplotlib,tensorboard,optuna,xlsxwriter,ray"


def test_every_help_is_shown_where_serving_alone_is_installed() -> None:
    ended = done([sys.executable, "-c", WITHOUT + EVERY_PARSER, TRAINING_ALONE])

    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_image_holds_what_its_verbs_are_made_of(tmp_path: Path) -> None:
    image = as_in_the_image(tmp_path)

    ended = done([sys.executable, "-c", EVERY_PARSER], image)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_image_holds_the_file_of_every_language() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    for file in (ROOT / "inference" / "words" / "languages").glob("*.toml"):
        path = file.relative_to(ROOT)
        places = [str(path), *map(str, path.parents)]
        last = [rule for rule in rules if any(fnmatch(place, rule.lstrip("!")) for place in places)][-1]
        assert last == "!inference"
    assert "COPY inference inference" in (ROOT / "Dockerfile").read_text("utf-8")


def as_in_the_image(folder: Path) -> Path:
    """Our packages with what .dockerignore lets through of them."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for package in ("app", "inference", "labelling", "model_store"):
        (folder / package).symlink_to(ROOT / package)
    for package in ("scripts", "training"):
        (folder / package).mkdir()
    left_out = {path for line in lines if line.startswith("scripts/") for path in ROOT.glob(line)}
    taken = [ROOT / line[1:] for line in lines if line.startswith("!training/")]
    for path in [*taken, *sorted(set((ROOT / "scripts").glob("*.py")) - left_out)]:
        (folder / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.relative_to(ROOT))
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("releases", "--store", "s3://shop", "list"),
        ("publish", "nothing", "s3://shop"),
        ("label", "s3://shop", "--out", "table.csv"),
        ("predict", "shirt.png", "--model", "s3://shop"),
        ("diff", "bundled", "s3://shop", "photos"),
    ],
)
def test_every_command_takes_the_settings_of_s3_from_dotenv(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("AWS_ENDPOINT_URL_S3=nowhere\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "")  # so that it is undone
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")

    with pytest.raises(StoreRefused, match="Invalid endpoint: nowhere"):
        main(list(words))


@pytest.mark.parametrize("into", [["--into", "sorted"], ["--into=sorted"], []])
def test_the_next_command_writes_a_sheet_and_fills_no_folder_again(into: list[str]) -> None:
    arguments = Namespace(words=["photos", *into, "--out", "labels.csv", "--json"])

    assert make_sheet_command(arguments) == "label --review sheet.html photos --out labels.csv"
