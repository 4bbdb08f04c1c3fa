"""Makes a chosen threshold 0.5: ``python -m models.training.recentre FILE --threshold P -o FILE``.

The logits of the whole network move by one constant, its last bias, so that what had the
probability P has 0.5. Outlines at 0.5, and cores a margin above it, are then those that were chosen
at P; which pixel is surer than another stays as it was.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

from models.hardnet_checkpoint import CheckpointError
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.run import half_precision

log = logging.getLogger(__name__)


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
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if not 0 < options.threshold < 1:
        parser.error(f"--threshold is {options.threshold}, but must lie between 0 and 1")
    try:
        network = load_checkpoint(options.checkpoint)
        recentre(network, options.threshold)
        save_file(half_precision(network), options.output)
    except (CheckpointError, OSError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
