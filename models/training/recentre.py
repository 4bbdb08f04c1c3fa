"""Makes a chosen threshold 0.5: ``python -m models.training.recentre FILE --threshold P -o FILE``.

The logits of the whole network move by one constant, its last bias, so that what had the
probability P has 0.5. Outlines at 0.5, and cores a margin above it, are then those that were chosen
at P; which pixel is surer than another stays as it was.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

import torch
from safetensors.torch import save

from models.evaluation.command_line import exit_code_of
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.run import half_precision
from models.whole_file import require_place, write_whole


@torch.no_grad()
def recentre(network: HarDNetMSEG, threshold: float) -> None:
    """Moves the logits of ``network`` by ``-logit(threshold)``; ``threshold`` is in (0, 1)."""
    bias = network.agg1.conv5.bias
    assert bias is not None
    bias -= math.log(threshold / (1 - threshold))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.training.recentre", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--threshold", type=float, required=True, help="in (0, 1): becomes 0.5")
    parser.add_argument("-o", "--output", type=Path, required=True, help="a .safetensors file")
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
    options = parser.parse_args(arguments)
    if not 0 < options.threshold < 1:
        parser.error(f"--threshold is {options.threshold}, but must lie between 0 and 1")
    return exit_code_of(lambda: _recentre_file(options), debug=options.debug)


def _recentre_file(options: argparse.Namespace) -> None:
    require_place(options.output)
    network = load_checkpoint(options.checkpoint)
    recentre(network, options.threshold)
    write_whole(options.output, save(half_precision(network)))


if __name__ == "__main__":
    sys.exit(main())
