"""Damages files the way disks, cables and attackers do, reproducibly."""

from __future__ import annotations

import random


def mutate(content: bytes, seed: int) -> bytes:
    """``content`` with flips, noise, wild sizes, losses, repeats, cuts and swaps."""
    draw = random.Random(seed)
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        if len(data) < 16:
            break
        # A quarter of the damage goes to the header, where it misleads most.
        at = draw.randrange(min(len(data), 1024) if draw.random() < 0.25 else len(data))
        length = draw.randrange(1, 64)
        match draw.randrange(7):
            case 0:
                data[at] ^= 1 << draw.randrange(8)
            case 1:
                data[at : at + length] = draw.randbytes(length)
            case 2:
                data[at : at + 4] = draw.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"))
            case 3:
                del data[at : at + length]
            case 4:
                data[at:at] = data[at : at + length]
            case 5:
                del data[max(16, at) :]
            case _:
                other = draw.randrange(len(data))
                data[at : at + length], data[other : other + length] = (
                    data[other : other + length],
                    data[at : at + length],
                )
    return bytes(data)
