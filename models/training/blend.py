"""Blends two checkpoints of one network: ``python -m models.training.blend FIRST SECOND -o FILE``.

Weights of two runs, one begun with the other's, average well (Wortsman et al. 2022, arXiv
2109.01903): here between one that draws better outlines and one that keeps empty frames quiet.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from models.hardnet_checkpoint import CheckpointError
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.run import half_precision

log = logging.getLogger(__name__)


def blend(first: nn.Module, second: nn.Module, share: float) -> HarDNetMSEG:
    """``1 - share`` times the first's weights and statistics plus ``share`` times the second's.

    Args:
        first: HarDNet-MSEG, as is ``second``.
        second: the one that ``share``, in [0, 1], belongs to.
        share: how much of it.
    """
    others = second.state_dict()
    blended = HarDNetMSEG()
    blended.load_state_dict(
        {
            name: value.lerp(others[name], share) if value.is_floating_point() else value
            for name, value in first.state_dict().items()
        }
    )
    return blended


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.training.blend", description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second, in [0, 1]")
    parser.add_argument("-o", "--output", type=Path, required=True, help="a .safetensors file")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if not 0 <= options.share <= 1:
        parser.error(f"--share is {options.share}, but must be in [0, 1]")
    try:
        network = blend(
            load_checkpoint(options.first), load_checkpoint(options.second), options.share
        )
        save_file(half_precision(network), options.output)
    except (CheckpointError, OSError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
