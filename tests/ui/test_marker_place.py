"""The marker on the screen is where the polyp is: the window's pixels against the phantom's masks,
with the shipped network."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.player.settings import MarkerKind
from app.sources.phantom import DEMO, PhantomSource
from tests.ui.render_place import RENDERED_FILE, WINDOW_SIZES, picture_name
from tests.ui.rendering import Rendered, render

PIXEL_RATIOS = (1, 2)
LEAST_IOU = 0.75
"""Between what is tinted on the screen and the phantom's own mask. What is missing to 1 is the
network's own error and the outline, which weighs more in a small window."""


@pytest.fixture(scope="module", params=PIXEL_RATIOS)
def ratio(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def rendered(ratio: int, display: str, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    del display  # the process has one of its own; without Xvfb this is skipped
    file = tmp_path_factory.mktemp("rendered") / "pictures.npz"
    command = ("pytest", "-q", "tests/ui/render_place.py")
    return render(*command, ratio=ratio, file=file, **{RENDERED_FILE: str(file)})


@pytest.fixture(scope="module")
def truth(rendered: Rendered) -> NDArray[np.bool_]:
    """The polyp's own mask, in the source's pixels."""
    with PhantomSource(**DEMO) as source:
        return source.mask(int(rendered["index"]))


@pytest.mark.parametrize("size", WINDOW_SIZES)
def test_what_is_tinted_is_the_polyp(
    rendered: Rendered, truth: NDArray[np.bool_], ratio: int, size: tuple[int, int]
) -> None:
    # Outline and words are the same in both.
    outlined, filled = (
        rendered[picture_name(size, marker)].astype(np.int16)
        for marker in (MarkerKind.CONTOUR, MarkerKind.FILL)
    )
    # The lists beside the picture leave it at least half of the window.
    assert size[0] * ratio / 2 < filled.shape[1] <= size[0] * ratio
    tinted = np.abs(filled - outlined).max(axis=2) > 24
    polyp = _fitted(truth, *tinted.shape)
    overlap = np.logical_and(tinted, polyp).sum() / np.logical_or(tinted, polyp).sum()
    assert overlap > LEAST_IOU


def _fitted(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """``mask`` as a letterboxed picture of (height, width) shows it."""
    scale = min(width / mask.shape[1], height / mask.shape[0])
    top, left = (height - mask.shape[0] * scale) / 2, (width - mask.shape[1] * scale) / 2
    rows = np.floor((np.arange(height) + 0.5 - top) / scale).astype(int)
    columns = np.floor((np.arange(width) + 0.5 - left) / scale).astype(int)
    inside = np.logical_and.outer(
        (rows >= 0) & (rows < mask.shape[0]), (columns >= 0) & (columns < mask.shape[1])
    )
    row_indices = rows.clip(0, mask.shape[0] - 1)
    column_indices = columns.clip(0, mask.shape[1] - 1)
    return np.asarray(mask[np.ix_(row_indices, column_indices)] & inside, np.bool_)
