"""Emoji in four styles on eleven grounds, as tensors of [N, 3, side, side] in -1...1."""

import pathlib

import numpy
import torch
from torch.nn import functional

from .captions import GROUNDS, STYLES

SIDE = 128
"""Of the pictures of `data`, in pixels."""

WIDTH, SMALL_WIDTH = 112 / 128, 60 / 64
"""The share of a picture that an emoji is wide: here, and in the first model's pictures."""

PIXEL = 8
"""Side of a pixel of the style 像素."""

STROKE = 4
"""Half the window of the style 水彩."""


def _black_and_white(pictures):
    weights = torch.tensor([0.299, 0.587, 0.114], device=pictures.device)
    grey = (pictures[:, :3] * weights[:, None, None]).sum(1, keepdim=True)
    return torch.cat([grey.expand(-1, 3, -1, -1), pictures[:, 3:]], 1)


def _pixels(pictures):
    coarse = functional.avg_pool2d(pictures, PIXEL)
    return functional.interpolate(coarse, scale_factor=PIXEL, mode="nearest")


def _watercolour(pictures):
    """Kuwahara's filter: of four windows around a pixel the mean of the most even one."""
    size = STROKE + 1
    padded = functional.pad(pictures, [STROKE] * 4, mode="replicate")
    means = functional.avg_pool2d(padded, size, stride=1)
    spread = (functional.avg_pool2d(padded**2, size, stride=1) - means**2).sum(1, keepdim=True)
    side = pictures.shape[-1]
    corners = [(top, left) for top in (0, STROKE) for left in (0, STROKE)]

    def windows(of):
        return torch.stack([of[..., y : y + side, x : x + side] for y, x in corners])

    best = windows(spread).argmin(0, keepdim=True)
    return windows(means).gather(0, best.expand(1, *pictures.shape))[0]


def _made_small(pictures, side):
    """In pictures of 64x64, as the first model was shown them, an emoji is 60 of 64 wide."""
    whole = round(side * SMALL_WIDTH / WIDTH)
    small = functional.interpolate(pictures, (whole, whole), mode="bilinear", antialias=True)
    margin = (whole - side) // 2
    return small[..., margin : margin + side, margin : margin + side]


class Pictures:
    """Every emoji in every style, premultiplied RGBA: [styles, emoji, 4, side, side], bytes.

    `folder`: of `data`. `chosen`: indices of the emoji to hold, in that order; none: all.
    `side`: 128, or 64 for the pictures of the first model.
    """

    def __init__(self, folder, device="cpu", chosen=None, side=SIDE):
        pixels = numpy.load(pathlib.Path(folder) / "emoji.npz")["pictures"]
        pixels = pixels if chosen is None else pixels[chosen]
        self.count = len(pixels)
        self.layers = torch.empty(
            (len(STYLES), self.count, 4, side, side), dtype=torch.uint8, device=device
        )
        for start in range(0, self.count, 128):
            part = torch.from_numpy(pixels[start : start + 128]).to(device)
            part = part.permute(0, 3, 1, 2).float() / 255
            part = torch.cat([part[:, :3] * part[:, 3:], part[:, 3:]], 1)
            part = part if side == SIDE else _made_small(part, side)
            styled = (part, _black_and_white(part), _pixels(part), _watercolour(part))
            for style, layer in enumerate(styled):
                self.layers[style, start : start + 128] = (layer * 255).round().byte()
        self.grounds = torch.tensor(list(GROUNDS.values()), device=device) / 255

    def __call__(self, emoji, grounds, styles):
        """The pictures of three index tensors of [N]."""
        layer = self.layers[styles, emoji].float() / 255
        colour = self.grounds[grounds][:, :, None, None]
        return (layer[:, :3] + (1 - layer[:, 3:]) * colour) * 2 - 1


def seen_in_training(emoji, grounds, styles):
    """False for one combination in twenty, whichever: those are for the evaluation alone.

    Takes and returns integers, arrays or tensors alike.
    """
    return (emoji * 7919 + grounds * 104729 + styles * 1299709) % 20 != 0


PLAIN = 0.55
"""The share of pictures in no style."""


OFTEN = 0.5
"""The share of pictures that show one of the emoji to be shown more often, where there are any."""


def random_choices(count, size, device, often=None):
    """Emoji, ground and style of `size` training pictures; `often`: indices of [N], or none."""
    emoji = torch.randint(count, (size,), device=device)
    if often is not None:
        known = often[torch.randint(len(often), (size,), device=device)]
        emoji = torch.where(torch.rand(size, device=device) < OFTEN, known, emoji)
    grounds = torch.randint(len(GROUNDS), (size,), device=device)
    styles = torch.randint(1, len(STYLES), (size,), device=device)
    styles = torch.where(torch.rand(size, device=device) < PLAIN, 0, styles)
    moved = torch.where(seen_in_training(emoji, grounds, styles), grounds, grounds + 1)
    return emoji, moved % len(GROUNDS), styles
