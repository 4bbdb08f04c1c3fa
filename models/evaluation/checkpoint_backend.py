"""A checkpoint run by PyTorch itself: what every exported model is measured against."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from models.backends.base import Backend, BackendError, BackendInfo, reason
from models.backends.processor import processor_name
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.spec import ModelSpec


class CheckpointBackend(Backend):
    """Runs a ``.pth`` or ``.safetensors`` checkpoint in FP32, on the first CUDA device or the CPU.

    Raises:
        models.hardnet_checkpoint.CheckpointError: the file is missing, damaged or another network.
    """

    name: ClassVar[str] = "torch"

    def __init__(self, path: Path, spec: ModelSpec) -> None:
        super().__init__(spec)
        self._network: HarDNetMSEG = load_checkpoint(path)
        self._device = torch.device("cpu")

    @property
    def info(self) -> BackendInfo:
        on_gpu = self._device.type == "cuda"
        device = torch.cuda.get_device_name(self._device) if on_gpu else processor_name()
        return BackendInfo(self.name, torch.__version__, device, "FP32")

    def _activate(self) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            self._network.to(self._device)
            self._mean = torch.tensor(self.spec.mean, device=self._device).view(1, 3, 1, 1)
            self._deviation = torch.tensor(self.spec.deviation, device=self._device).view(
                1, 3, 1, 1
            )
        except RuntimeError as error:
            raise BackendError(
                f"PyTorch cannot bring the network to {self._device} ({reason(error)}); close "
                "other programs that use it."
            ) from error

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        try:
            return self._probability(frame)
        except RuntimeError as error:
            raise BackendError(
                f"PyTorch failed on a frame ({reason(error)}); start it again, and close other "
                f"programs that use {self._device} if it happens again."
            ) from error

    @torch.inference_mode()
    def _probability(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        planes = torch.from_numpy(frame).to(self._device).permute(2, 0, 1)[None].float() / 255
        # By itself cuDNN rounds the factors of FP32 convolutions to TF32.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            logits = self._network((planes - self._mean) / self._deviation)
        levels = (torch.sigmoid(logits) * 255).round().to(torch.uint8)
        return np.asarray(levels[0, 0].cpu().numpy(), np.uint8)

    def _deactivate(self) -> None:
        self._network.to("cpu")
