"""The CUDA kernels, built by the C++ compiler and run on the CPU."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.backends.cuda.compile import KERNELS_SOURCE
from models.backends.cuda.conversion import BLOCK, KERNEL_NAMES, conversion_job, grid
from models.geometry import Area
from models.picture import Picture
from models.spec import ModelSpec

_HERE = Path(__file__).parent


def build(source: str, output: Path, *options: str) -> None:
    """Builds a file of this folder, with every warning an error; skips without a C++ compiler."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++, which is not on this machine")
    subprocess.run(
        [
            compiler,
            "-std=c++17",
            "-Wall",
            "-Wextra",
            "-Werror",
            f"-I{KERNELS_SOURCE.parent}",
            *options,
            str(_HERE / source),
            "-o",
            str(output),
        ],
        check=True,
    )


class HostKernels:
    """The conversion as the device does it, from a picture to the model's input."""

    def __init__(self, folder: Path) -> None:
        path = folder / "kernels.so"
        build("host_library.cpp", path, "-O2", "-shared", "-fPIC")
        self._library = ctypes.CDLL(str(path))
        self._library.launch.restype = None

    def model_input(self, picture: Picture, area: Area, spec: ModelSpec) -> NDArray[np.uint8]:
        """(spec.height, spec.width, 3) uint8 RGB."""
        frame = np.zeros((spec.height, spec.width, 3), np.uint8)
        job = conversion_job(picture, area, spec, picture.pixels.ctypes.data, frame.ctypes.data)
        kernel = getattr(self._library, KERNEL_NAMES[picture.pixel_format])
        self._library.launch(kernel, ctypes.c_void_p(job.ctypes.data), *grid(spec), *BLOCK[:2])
        return frame
