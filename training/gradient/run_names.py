"""Identify a training by its recipe and data: a fingerprint for its checkpoint, and its default folder."""

import hashlib
import json
from pathlib import Path

from model_store.manifest import DataSet
from training.data.fashion import LabelledData
from training.gradient.recipes import Recipe


def hash_recipe_and_data(recipe: Recipe, data: DataSet) -> str:
    """Return a hash of a recipe and the data that it trains on, as sixteen hex digits."""
    text = json.dumps({"recipe": recipe.list_changed_settings(), "data": data.model_dump()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_groups_suffix(data: LabelledData) -> str:
    """Return a hyphen and eight hex digits that depend on the groups of the pictures; empty without files.

    Pictures of one group, such as a product, are held out together. So the same pictures in other groups are
    another training, and need a folder of their own.
    """
    if not data.train.files:
        return ""
    return "-" + hashlib.sha256("\n".join(data.train.groups).encode()).hexdigest()[:8]


def make_run_fingerprint(recipe: Recipe, data: LabelledData) -> str:
    """Return a hash of recipe, data and groups, which shows whether a checkpoint belongs to a run."""
    return hash_recipe_and_data(recipe, data.describe_data_set()) + make_groups_suffix(data)


def choose_run_folder(recipe: Recipe, data: LabelledData) -> Path:
    """Return the default folder of a training, `runs/NETWORK-HASH`. The same command gets the same folder."""
    return Path("runs") / f"{recipe.network}-{make_run_fingerprint(recipe, data)}"
