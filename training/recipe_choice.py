"""Choose the recipe of a training by gradient: its settings, such as the learning rate."""

from dataclasses import replace
from typing import Any

from training.data.fashion import LabelledData
from training.errors import BadRecipe
from training.gradient.recipes import (
    DEFAULT_NETWORK,
    RECIPES,
    Recipe,
    adapt_recipe_to_network,
    adapt_recipe_to_small_data,
    choose_default_recipe,
)
from training.options import TrainingOptions


def choose_recipe(options: TrainingOptions, data: LabelledData) -> Recipe:
    """Return the recipe (the settings of a training by gradient) for these options and pictures.

    The options may name a recipe. Otherwise the default recipe is used, adapted to the number of pictures.
    Fields that the options set replace those of either recipe.

    Args:
        data: the pictures that are learnt.

    Raises:
        BadRecipe: there is no such recipe, or a field cannot be trained with.
    """
    start = find_start_recipe(options)
    return apply_options_to_recipe(start if options.recipe else adapt_recipe_to_data(start, data), options)


def find_start_recipe(options: TrainingOptions) -> Recipe:
    """Return the recipe that the options name, or the default one of their network, without any change.

    Raises:
        BadRecipe: a release of 2.0.0 records a recipe's file, which no training reads any more.
    """
    network: Any = options.network
    if options.recipe is None:
        return choose_default_recipe(network or DEFAULT_NETWORK)
    if options.recipe not in RECIPES:
        raise BadRecipe(f"{options.recipe}: no recipe has this name. There are {', '.join(sorted(RECIPES))}.")
    recipe = RECIPES[options.recipe]
    return adapt_recipe_to_network(recipe, network) if network else recipe


def adapt_recipe_to_data(recipe: Recipe, data: LabelledData) -> Recipe:
    """Return a recipe adapted to few pictures, if the data names its own classes; otherwise unchanged.

    Data of class numbers is Fashion-MNIST or as large, and needs no change.
    """
    return adapt_recipe_to_small_data(recipe, len(data.train)) if data.has_class_names else recipe


def apply_options_to_recipe(recipe: Recipe, options: TrainingOptions) -> Recipe:
    """Return a copy of the recipe in which the options replace the fields that they set.

    Raises:
        BadRecipe: a field cannot be trained with.
    """
    changed: dict[str, Any] = dict(options.recipe_fields)
    return replace(recipe, **changed)
