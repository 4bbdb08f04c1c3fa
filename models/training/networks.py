"""The networks that a recipe can name."""

from __future__ import annotations

from torch import nn

from models.hardnet_mseg import HarDNetMSEG
from models.training.lite_segmentation import LiteSegmentation
from models.training.recipe import HARDNET_MSEG


def make_network(name: str) -> nn.Module:
    """The network ``name``, one of ``recipe.NETWORKS``, before any training of ours.

    Raises:
        models.training.efficientnet_lite.LiteMissingError: its packages are not installed.
    """
    return HarDNetMSEG() if name == HARDNET_MSEG else LiteSegmentation(name)
