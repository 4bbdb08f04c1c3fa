"""Reads HarDNet-MSEG weights from a released ``.pth``, safetensors, or a deployable ONNX file."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path

import onnx
import torch
from torch import Tensor

from models.weights import WeightsError, read_weights

COUNTER_SUFFIX = ".num_batches_tracked"
WRAPPER_KEYS = ("state_dict", "model", "model_state_dict")

_WRAPPER_PREFIXES = re.compile(r"^(module\.|_orig_mod\.|model\.)+")
"""What DataParallel, ``torch.compile`` and Lightning put before every name."""


class CheckpointError(Exception):
    """A weights file cannot be used; the message is one sentence that says why and what to do."""


def read_state(path: str | PathLike[str], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries of ``expected``, read from ``path``, each with its expected shape and dtype.

    Entries that ``expected`` does not name are ignored: released files hold 106 that never run.

    Raises:
        CheckpointError: no such file, unknown kind of file, damaged file, an entry missing, of
            another shape or kind.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        kinds = ", ".join(_READERS)
        raise CheckpointError(f"{path} is no weights file that can be read; give one of {kinds}.")
    if not path.is_file():
        raise CheckpointError(f"There is no weights file {path}; check the path.")
    stored = _unprefixed(reader(path))

    state: dict[str, Tensor] = {}
    missing = [
        name for name in expected if name not in stored and not name.endswith(COUNTER_SUFFIX)
    ]
    if missing:
        more = f" and {len(missing) - 1} more entries" if len(missing) > 1 else ""
        raise CheckpointError(
            f"{path} lacks {missing[0]}{more}: "
            "it is not a HarDNet-MSEG checkpoint, or is incomplete."
        )
    for name, template in expected.items():
        # Files written for inference leave the counters of batch normalisation out.
        value = stored.get(name, template)
        if value.shape != template.shape:
            raise CheckpointError(
                f"{path} holds {name} with shape {tuple(value.shape)} where HarDNet-MSEG has "
                f"{tuple(template.shape)}: it is the checkpoint of another network."
            )
        if value.layout is not torch.strided or value.device.type != "cpu":
            raise CheckpointError(
                f"{path} holds {name} as no plain array; save the state dictionary of the network "
                "itself, on the CPU."
            )
        if template.is_floating_point() and not value.is_floating_point():
            kind = str(value.dtype).removeprefix("torch.")
            raise CheckpointError(
                f"{path} holds {name} in {kind}, and not in floating point; give the checkpoint "
                "that it was made from."
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"{path} holds values in {name} that are not finite numbers.")
        state[name] = value.to(template.dtype)
    return state


def _read_pickle(path: Path) -> dict[str, Tensor]:
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}).") from error
    except Exception as error:  # damage makes the unpickler fail in every way there is
        # The unpickler tells a refused global from garbage by its wording alone.
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise CheckpointError(
                f"{path} holds more than tensors and is not loaded, since loading it could run "
                "code; ask its author for a safetensors file."
            ) from error
        raise CheckpointError(f"{path} is truncated or no PyTorch file; fetch it again.") from error
    for key in WRAPPER_KEYS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping):
        raise CheckpointError(f"{path} holds no state dictionary; give a HarDNet-MSEG checkpoint.")
    return {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is truncated or no safetensors file; fetch it again."
        ) from error


def _read_onnx(path: Path) -> dict[str, Tensor]:
    try:
        graph = onnx.load_model_from_string(read_weights(path).content).graph
    except WeightsError as error:
        raise CheckpointError(str(error)) from error
    return {
        initializer.name: torch.from_numpy(onnx.numpy_helper.to_array(initializer).copy())
        for initializer in graph.initializer
    }


def _unprefixed(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """The entries under the network's own names."""
    return {_WRAPPER_PREFIXES.sub("", name): value for name, value in stored.items()}


_READERS: dict[str, Callable[[Path], dict[str, Tensor]]] = {
    ".pth": _read_pickle,
    ".pt": _read_pickle,
    ".safetensors": _read_safetensors,
    ".onnx": _read_onnx,
}
