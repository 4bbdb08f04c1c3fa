"""Blends two checkpoints of one network: ``python -m models.training.blend FIRST SECOND -o FILE``.

Weights of two runs, one begun with the other's, average well (Wortsman et al. 2022, arXiv
2109.01903): here between one that draws better outlines and one that keeps empty frames quiet.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

from safetensors.torch import save
from torch import nn

from models.evaluation.command_line import exit_code_of
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.option_values import number_within
from models.training.run import half_precision
from models.whole_file import require_place, write_whole


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
    parser.add_argument(
        "--share", type=number_within(0, 1), default=0.5, help="of the second, from 0 to 1"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="a .safetensors file")
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _blend_files(options), debug=options.debug)


def _blend_files(options: argparse.Namespace) -> None:
    require_place(options.output, options.first, options.second)
    network = blend(load_checkpoint(options.first), load_checkpoint(options.second), options.share)
    write_whole(options.output, save(half_precision(network)))


if __name__ == "__main__":
    sys.exit(main())
