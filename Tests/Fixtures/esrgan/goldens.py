"""Writes the goldens of the upscalers that this folder's README lists.

python3 goldens.py CHECKPOINTS PICTURE, with torch, safetensors and pillow: CHECKPOINTS is the folder
Models/checkpoints, PICTURE the file Tests/Fixtures/emoji-zh/0.png. All arithmetic is in float64.
"""

import os
import sys

import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file

HERE = os.path.dirname(os.path.abspath(__file__))
LEFT, TOP, WIDTH, HEIGHT = 34, 20, 20, 24


def pixels(path):
    """One eye of the panda, [1, 3, HEIGHT, WIDTH] within 0...1."""
    picture = Image.open(path).convert("RGB").crop((LEFT, TOP, LEFT + WIDTH, TOP + HEIGHT))
    values = torch.tensor(list(picture.tobytes()), dtype=torch.float32) / 255
    return values.reshape(1, HEIGHT, WIDTH, 3).permute(0, 3, 1, 2).contiguous()


def compact(weights, x):
    """SRVGGNetCompact with PReLU, four times as large."""
    last = max(int(name.split(".")[1]) for name in weights)
    h = x
    for index in range(0, last, 2):
        h = F.conv2d(h, weights[f"body.{index}.weight"], weights[f"body.{index}.bias"], padding=1)
        h = F.prelu(h, weights[f"body.{index + 1}.weight"])
    h = F.conv2d(h, weights[f"body.{last}.weight"], weights[f"body.{last}.bias"], padding=1)
    return F.pixel_shuffle(h, 4) + F.interpolate(x, scale_factor=4, mode="nearest")


def rrdb(weights, x):
    """RRDBNet; how much it enlarges follows from the first layer's channels."""

    def conv(name, h):
        return F.conv2d(h, weights[name + ".weight"], weights[name + ".bias"], padding=1)

    def leaky(h):
        return F.leaky_relu(h, 0.2)

    unshuffle = {3: 1, 12: 2, 48: 4}[weights["conv_first.weight"].shape[1]]
    shallow = h = conv("conv_first", F.pixel_unshuffle(x, unshuffle) if unshuffle > 1 else x)
    block = 0
    while f"body.{block}.rdb1.conv1.weight" in weights:
        outer = h
        for dense in (1, 2, 3):
            maps = [h]
            for index in (1, 2, 3, 4):
                name = f"body.{block}.rdb{dense}.conv{index}"
                maps.append(leaky(conv(name, torch.cat(maps, 1))))
            h = h + 0.2 * conv(f"body.{block}.rdb{dense}.conv5", torch.cat(maps, 1))
        h = outer + 0.2 * h
        block += 1
    h = shallow + conv("conv_body", h)
    for name in ("conv_up1", "conv_up2"):
        h = leaky(conv(name, F.interpolate(h, scale_factor=2, mode="nearest")))
    return conv("conv_last", leaky(conv("conv_hr", h)))


def random_rrdb(unshuffle, features=8, growth=4, blocks=1):
    """Weights that float16 holds exactly, large enough that every layer shows in the output."""
    generator = torch.Generator().manual_seed(20 + unshuffle)
    shapes = {"conv_first": (features, 3 * unshuffle**2), "conv_last": (3, features)}
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        shapes[name] = (features, features)
    for block in range(blocks):
        for dense in (1, 2, 3):
            for index in range(1, 6):
                shapes[f"body.{block}.rdb{dense}.conv{index}"] = (
                    features if index == 5 else growth,
                    features + (index - 1) * growth,
                )
    weights = {}
    for name, (outputs, inputs) in shapes.items():
        spread = (2 / (9 * inputs)) ** 0.5
        kernel = torch.randn(outputs, inputs, 3, 3, generator=generator) * spread
        weights[name + ".weight"] = kernel.half()
        weights[name + ".bias"] = (torch.randn(outputs, generator=generator) * 0.1).half()
    return weights


def save_golden(name, network, weights, x):
    weights = {key: value.double() for key, value in weights.items()}
    with torch.no_grad():
        y = network(weights, x.double()).float()
    save_file({"input": x, "output": y.contiguous()}, f"{HERE}/{name}-golden.safetensors")
    print(name, tuple(y.shape), float(y.min()), float(y.max()))


def main(checkpoints, picture):
    x = pixels(picture)
    for name, network in (
        ("realesr-animevideov3-x4", compact),
        ("realesrgan-x4plus-anime", rrdb),
    ):
        save_golden(name, network, load_file(f"{checkpoints}/{name}.safetensors"), x)
    for name, unshuffle in (("rrdb-x2", 2), ("rrdb-x1", 4)):
        weights = random_rrdb(unshuffle)
        save_file(weights, f"{HERE}/{name}.safetensors")
        save_golden(name, rrdb, weights, x)


main(*sys.argv[1:])
