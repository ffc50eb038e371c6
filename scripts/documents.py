"""Write documents about the product: the content of the image, and the tables of the pages.

`make sbom` prints the list of the packages in the container image. `make docs` fills the tables in README and
docs/ with commands, settings, parameters, reasons, languages and measured figures, each from the code or file
that defines it.
"""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

from app.prediction.parameters import SINGLE_PARAMETERS
from app.settings import Settings, list_setting_names
from inference.reasons import SCORE_REASONS, ReasonPlace, find_reasons
from inference.words.language_files import load_languages
from labelling.write.column_descriptions import COLUMN_DESCRIPTIONS
from scripts.__main__ import list_verbs

REPOSITORY_ROOT = Path(__file__).parent.parent
SERVING_LOCK_FILE = REPOSITORY_ROOT / "requirements" / "serve.txt"
BLOCK_PATTERN = re.compile(
    r"(?P<kept><!-- (?P<name>[a-z ]+) -->\n(?:\|.*\n\|[-| ]+\n)?)(?s:.*?)(?=<!-- /(?P=name) -->)"
)
"""A part of a page that is written here: a table below its heading, or a sentence. It stands between
`<!-- NAME -->` and `<!-- /NAME -->`; the heading of a table is kept."""

ANSWER_PLACE_NAMES = {
    ReasonPlace.ANSWER: "class",
    ReasonPlace.ATTRIBUTE: "attribute",
    ReasonPlace.LISTED: "`listed`",
}
TABLE_PLACE_NAMES = {ReasonPlace.PICTURE: "pictures", ReasonPlace.PRODUCT: "products"}
"""Places in which a reason occurs, with their names on the page about answers and on the page about
tables."""

INDEX_FIELDS = ("externalReferences", "description", "bom-ref")
"""Fields of a package in the list that contain its address in a package index, or its line in the lock
file."""


def print_sbom() -> None:
    """Print the software bill of materials (SBOM) of the container image as JSON in the CycloneDX format."""
    command = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "requirements",
        "--output-reproducible",
        str(SERVING_LOCK_FILE),
    ]
    completed = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - ours alone
    document = remove_index_addresses(json.loads(completed.stdout))
    print(json.dumps(document, indent=1, sort_keys=True))


def remove_index_addresses(document: dict[str, Any]) -> dict[str, Any]:
    """Return a CycloneDX bill of materials without the addresses of package indexes.

    A component is identified by its package URL in place of them, so the result does not depend on the index.

    Args:
        document: the bill of materials from cyclonedx_py, as JSON values.
    """
    components = [
        {name: value for name, value in component.items() if name not in INDEX_FIELDS}
        | {"bom-ref": component["purl"]}
        for component in document["components"]
    ]
    metadata = {"component": {"type": "application", "name": "wardrobe", "bom-ref": "wardrobe"}}
    dependencies = [
        {"ref": "wardrobe", "dependsOn": sorted(component["bom-ref"] for component in components)}
    ]
    header_fields = {name: document[name] for name in ("$schema", "bomFormat", "specVersion", "version")}
    return header_fields | {"metadata": metadata, "components": components, "dependencies": dependencies}


def write_docs() -> None:
    """Fill the generated blocks of README.md and the pages of docs/, and print the names of changed files."""
    block_texts = generate_blocks()
    for page in (REPOSITORY_ROOT / "README.md", *sorted((REPOSITORY_ROOT / "docs").rglob("*.md"))):
        _write_changed(page, fill_blocks(page.read_text("utf-8"), block_texts))


def _write_changed(file: Path, text: str) -> None:
    """Write a page and print its name, if the text differs from that in the file."""
    if text != file.read_text("utf-8"):
        file.write_text(text, "utf-8")
        print(file.relative_to(REPOSITORY_ROOT))


def generate_blocks() -> dict[str, str]:
    """Return the generated Markdown for the pages, by the name of the block that it fills."""
    # Here, since it imports what only `make docs` installs.
    from benchmarks.tables import PAGE_WIDTH, figures, table  # noqa: PLC0415

    return {
        "commands": table(_list_commands()),
        "settings": table(make_settings_rows(inspect.getdoc(Settings) or "")),
        "parameters": table([(one.format_usage(), one.effect) for one in SINGLE_PARAMETERS]),
        "reasons of answers": table(_list_reasons(ANSWER_PLACE_NAMES)),
        "order of reasons": _say_order_of_reasons(PAGE_WIDTH),
        "reasons of tables": table(_list_reasons(TABLE_PLACE_NAMES)),
        "columns": table(COLUMN_DESCRIPTIONS),
        "languages": table(_list_languages()),
    } | figures()


def fill_blocks(page: str, block_texts: Mapping[str, str]) -> str:
    """Return a page whose blocks have new content. A block is between `<!-- NAME -->` and `<!-- /NAME -->`.

    Args:
        block_texts: the new content by the name of the block.

    Raises:
        SystemExit: there is no block with such a name.
    """
    if unknown_names := {block["name"] for block in BLOCK_PATTERN.finditer(page)} - block_texts.keys():
        raise SystemExit(
            f"{', '.join(sorted(unknown_names))}: no such block. A page may show "
            f"{', '.join(sorted(block_texts))}."
        )
    return BLOCK_PATTERN.sub(lambda block: block["kept"] + block_texts[block["name"]], page)


def _list_commands() -> list[tuple[str, ...]]:
    """Return a row for each command: its name, with a star if the image has it, and its summary."""
    ignored_lines = (REPOSITORY_ROOT / ".dockerignore").read_text("utf-8").splitlines()
    stars = {verb.name: "" if f"scripts/{verb.name}.py" in ignored_lines else "*" for verb in list_verbs()}
    return [(f"`{verb.name}`{stars[verb.name]}", verb.summary) for verb in list_verbs()]


def _list_languages() -> list[tuple[str, ...]]:
    """Return a row for each language that titles may have, those that are read first."""
    sorted_languages = sorted(
        load_languages().values(), key=lambda language: (not language.is_readable, language.name)
    )
    return [
        (f"`{one.code}`", one.name, "read" if one.is_readable else "recognised, not read")
        for one in sorted_languages
    ]


def make_settings_rows(docstring: str) -> list[tuple[str, ...]]:
    """Return the rows of the table of settings: environment variable, default value and meaning.

    Args:
        docstring: the docstring of Settings, which has a line for each setting.

    Raises:
        SystemExit: a setting has no line in the docstring.
    """
    descriptions = dict(re.findall(r"^    (\w+): (.*)\.$", docstring, re.MULTILINE))
    fields = [name.removeprefix("WARDROBE_").lower() for name in list_setting_names()]
    if missing_fields := [name for name in fields if name not in descriptions]:
        raise SystemExit(
            f"app/settings.py: the docstring of Settings needs one line for {', '.join(missing_fields)}, "
            "as in `cache_keep: number of releases that stay in the cache.`: it ends in a full stop and does "
            "not wrap."
        )
    return [
        (
            f"`WARDROBE_{name.upper()}`",
            _format_default(Settings.model_fields[name].default),
            descriptions[name],
        )
        for name in fields
    ]


def _list_reasons(places: Mapping[ReasonPlace, str]) -> list[tuple[str, ...]]:
    """Return a row for each reason of some places: its name, its meaning, and where it occurs."""
    return [
        (
            f"`{reason}`",
            reason.sentence,
            ", ".join(name for place, name in places.items() if place in reason.places),
        )
        for reason in find_reasons(places)
    ]


def _say_order_of_reasons(width: int) -> str:
    """Return a sentence that says which of several reasons an answer has, in lines of up to `width`."""
    *first_names, last_name = (f"`{reason}`" for reason in SCORE_REASONS)
    sentence = (
        "If several reasons apply to a class or an attribute, the answer has the first of "
        f"{', '.join(first_names)} and {last_name}."
    )
    return fill(sentence, width=width) + "\n"


def _format_default(value: object) -> str:
    """Return a default value as it would stand in the environment; empty for None and for an empty list."""
    if value is None or value == ():
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    {"sbom": print_sbom, "docs": write_docs}[sys.argv[1]]()
