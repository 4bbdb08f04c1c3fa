"""Renders the phantom frames that training mixes in.

Run as ``python -m assets.make_phantom_frames FOLDER``.

The folder becomes a data root with the list ``phantom``. None of its seeds is that of the demo clip
or of another frame in this folder, so those stay unseen.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from app.sources.phantom import PhantomSource

SEEDS = range(100, 122)
FRAMES_PER_SEED = 8
SIZE = (704, 396)
RATE = 30
LATEST_S = 90
LEAST_POLYP = 0.004
"""Share of the frame below which a polyp in sight makes the draw be repeated, once."""
CUT_SHARE = 0.6
"""Of the frames, how many are cut to the endoscope's picture, as the application does."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    for part in ("phantom/images", "phantom/masks", "splits"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    stems = [stem for seed in SEEDS for stem in render(seed, folder / "phantom")]
    entries = "".join(f"phantom/{stem}\n" for stem in stems)
    (folder / "splits" / "phantom.txt").write_text(entries, encoding="utf-8")


def render(seed: int, folder: Path) -> list[str]:
    """Writes the frames of one seed, and gives their stems."""
    rng = np.random.default_rng(5 + seed)
    stems = []
    with PhantomSource(*SIZE, RATE, None, seed) as source:
        for _ in range(FRAMES_PER_SEED):
            index = int(rng.integers(0, RATE * LATEST_S))
            mask = source.mask(index)
            if 0 < mask.mean() < LEAST_POLYP:
                index = int(rng.integers(0, RATE * LATEST_S))
                mask = source.mask(index)
            image = source.image(index)
            if rng.random() < CUT_SHARE:
                area = source.area
                rows = slice(area.y, area.y + area.height)
                columns = slice(area.x, area.x + area.width)
                image, mask = image[rows, columns], mask[rows, columns]
            stem = f"{seed}_{index}"
            stems.append(stem)
            bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
            quality = [cv2.IMWRITE_JPEG_QUALITY, 92]
            cv2.imwrite(str(folder / "images" / f"{stem}.jpg"), bgr, quality)
            cv2.imwrite(str(folder / "masks" / f"{stem}.png"), mask.astype(np.uint8) * 255)
    return stems


if __name__ == "__main__":
    main()
