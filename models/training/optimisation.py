"""The optimiser and the course of its learning rate."""

from __future__ import annotations

import math

import torch
from torch import nn

from models.training.recipe import Recipe, StageRecipe


def make_optimiser(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser, whose rate ``learning_rate`` sets before every step."""
    parameters = network.parameters()
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(parameters, lr=0.0, weight_decay=recipe.weight_decay)
    if recipe.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=0.0, weight_decay=recipe.weight_decay)
    return torch.optim.SGD(
        parameters, lr=0.0, momentum=recipe.momentum, weight_decay=recipe.weight_decay
    )


def learning_rate(stage: StageRecipe, step: int) -> float:
    """The rate of the stage's step ``step``, 0-based: a linear climb, then half a cosine."""
    if step < stage.warm_up:
        return stage.learning_rate * (step + 1) / stage.warm_up
    progress = (step - stage.warm_up) / max(1, stage.steps - stage.warm_up)
    fall = 0.5 * (1 + math.cos(math.pi * progress))
    return stage.last_learning_rate + (stage.learning_rate - stage.last_learning_rate) * fall
