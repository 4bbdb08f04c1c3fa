"""Pictures a second on the fast path."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.backends.cuda.fast_path import FastPath
from models.picture import Picture
from tests.gpu.timing import WARM_UP


def pictures_per_s(path: FastPath, picture: Picture, depth: int, iterations: int) -> float:
    """With up to ``depth`` pictures on their way."""
    begun: deque[Callable[[], NDArray[np.uint8]]] = deque()
    started_s = 0.0
    for index in range(WARM_UP + iterations):
        if index == WARM_UP:
            started_s = time.perf_counter()
        begun.append(path.begin(picture, picture.whole))
        if len(begun) == depth:
            begun.popleft()()
    rate = iterations / (time.perf_counter() - started_s)
    for finish in begun:
        finish()
    return rate
