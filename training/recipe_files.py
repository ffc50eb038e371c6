"""Recipes as TOML files: print one, read one back.

A file has the fields of `Recipe` by name. TOML has no null: a field that may be unset is unset where the file
leaves it out. Any other field that is left out has the bundled recipe's value. Reads the named file alone.
"""

import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from training.errors import BadRecipe
from training.recipes import BUNDLED, Recipe

DEFAULTS: Final = replace(
    BUNDLED,
    dropout=None,
    limit=None,
    patience=None,
    photos=None,
    split_seed=None,
    start=None,
    teacher=None,
    blend=1.0,
    teaching=0.0,
    variants=1.0,
)
"""The bundled recipe without the release, photos and teacher that it was made with."""

HEADER: Final = """\
# A recipe: wardrobe train --recipe FILE.toml. Every field: docs/how-to/retrain.md#recipe-files
# start is the release that --from trains further, photos the content of --photos, teacher the stored answers.
"""

_RECIPE: Final = TypeAdapter(Recipe)


def as_toml(recipe: Recipe) -> str:
    """A recipe as a file that `read_recipe` reads; unset fields are comments."""
    lines = [_line(name, value) for name, value in asdict(recipe).items()]
    return HEADER + "\n".join(lines) + "\n"


def _line(name: str, value: object) -> str:
    if value is None:
        return f"# {name}: not set"
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    return f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value!r}"


def read_recipe(path: Path) -> tuple[Recipe, frozenset[str]]:
    """Read a recipe, and the names of the fields that the file sets.

    Raises:
        BadRecipe: the file is no TOML, has an unknown field, or a value that cannot be trained with.
        OSError: it cannot be read.
    """
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRecipe(f"{path}: {error}. `wardrobe train --show-recipe` prints such a file.") from error
    known = asdict(DEFAULTS)
    if unknown := sorted(given.keys() - known.keys()):
        raise BadRecipe(f"{path}: unknown fields: {', '.join(unknown)}. There are {', '.join(known)}.")
    try:
        return _RECIPE.validate_json(json.dumps(known | given, default=str), strict=True), frozenset(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRecipe(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    except BadRecipe as error:
        raise BadRecipe(f"{path}: {error}") from error
