"""Writes the checkpoint files that the quantizer's tests read, and the corpus of its fuzzer.

python Tests/Fixtures/quantizer/generate.py Tests/Fixtures/quantizer Tests/Fuzz/corpus/torch
Needs torch (2.13 was used) and safetensors. OrderedDict's _metadata is in some of the corpus.
"""
import collections
import os
import pickle
import sys
import zipfile

import torch
from safetensors.torch import save_file

OUT, CORPUS = sys.argv[1:]
torch.manual_seed(7)


def half(*shape):
    """Random numbers that float16 holds exactly."""
    return torch.randn(*shape).half().float()


def rrdb(features=4, blocks=2, growth=4, inputs=3):
    state = collections.OrderedDict()

    def conv(name, c, n):
        state[name + ".weight"] = half(n, c, 3, 3) * 0.125
        state[name + ".bias"] = half(n)

    conv("conv_first", inputs, features)
    for block in range(blocks):
        for dense in (1, 2, 3):
            for layer in range(1, 6):
                conv(
                    f"body.{block}.rdb{dense}.conv{layer}",
                    features + (layer - 1) * growth,
                    features if layer == 5 else growth,
                )
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        conv(name, features, features)
    conv("conv_last", features, 3)
    return state


def renamed(state, rule):
    return collections.OrderedDict((rule(name), value) for name, value in state.items())


def trunk_name(name):
    parts = name.split(".")
    if parts[0] == "body":
        return f"RRDB_trunk.{parts[1]}.RDB{parts[2][3:]}.{parts[3]}.{parts[4]}"
    layers = {"conv_body": "trunk_conv", "conv_up1": "upconv1", "conv_up2": "upconv2",
              "conv_hr": "HRconv"}
    return ".".join([layers.get(parts[0], parts[0]), parts[1]])


def name_2018(name):
    parts = name.split(".")
    if parts[0] == "body":
        return f"model.1.sub.{parts[1]}.RDB{parts[2][3:]}.{parts[3]}.0.{parts[4]}"
    layers = {"conv_first": "0", "conv_body": "1.sub.2", "conv_up1": "3", "conv_up2": "6",
              "conv_hr": "8", "conv_last": "10"}
    return f"model.{layers[parts[0]]}.{parts[1]}"


plain = rrdb()
zeros = renamed(plain, lambda name: name)
for name in zeros:
    zeros[name] = torch.zeros_like(zeros[name])
torch.save({"params": zeros, "params_ema": plain}, f"{OUT}/basicsr.pth")
torch.save(renamed(plain, trunk_name), f"{OUT}/trunk-legacy.pth",
           _use_new_zipfile_serialization=False)
torch.save(renamed(plain, name_2018), f"{OUT}/names-2018.pth")
torch.save(renamed(plain, lambda name: "module." + name), f"{OUT}/module-prefix.pth")
save_file(dict(plain), f"{OUT}/rrdb.safetensors")
torch.save({"params_ema": rrdb(blocks=1, inputs=12)}, f"{OUT}/x2.pth")

compact = collections.OrderedDict()
for layer, (c, n) in enumerate([(3, 8), (8, 8), (8, 8), (8, 12)]):
    compact[f"body.{2 * layer}.weight"] = half(n, c, 3, 3) * 0.125
    compact[f"body.{2 * layer}.bias"] = half(n)
    if layer < 3:
        compact[f"body.{2 * layer + 1}.weight"] = half(n)
torch.save({"params": compact}, f"{OUT}/compact.pth")

numbers = torch.arange(24, dtype=torch.float32) - 7.5
views = {
    "whole": numbers.reshape(2, 3, 4),
    "transposed": numbers.reshape(4, 6).t(),
    "every-second": numbers[3:20:2],
    "column": numbers.reshape(4, 6)[:, 2],
    "scalar": numbers[5].reshape(()),
    "empty": numbers[:0],
    "half": numbers.half(),
    "bfloat16": numbers.bfloat16(),
    "double": numbers.double(),
    "long": numbers.long(),
    "int": numbers.int(),
    "parameter": torch.nn.Parameter(numbers[:3]),
}
torch.save(views, f"{OUT}/views.pth")
torch.save(views, f"{OUT}/views-legacy.pth", _use_new_zipfile_serialization=False)
save_file({name: value.detach().float().contiguous().clone() for name, value in views.items()},
          f"{OUT}/views.safetensors")


class Call:
    """What a hostile pickle asks for."""

    def __reduce__(self):
        return os.system, ("true",)


def save(name, value, **options):
    torch.save(value, f"{CORPUS}/{name}", **options)


few = numbers[:16]
ordered = collections.OrderedDict(a=torch.ones(2, 3, dtype=torch.float16), b=torch.arange(4))
ordered._metadata = {"": {"version": 1}}
small = {"t": few.reshape(4, 4).t(), "s": few[3:9:2], "whole": few}
save("half.pth", ordered)
save("legacy.pth", ordered, _use_new_zipfile_serialization=False)
save("views.pth", small)
save("views-legacy.pth", small, _use_new_zipfile_serialization=False)
save("wrapped.pth", {"params_ema": {"w": few.bfloat16()}, "params": {"w": few.double()},
                     "epoch": 3, "lr": 1e-4, "done": True})
save("parameter.pth", {"state_dict": {"p": torch.nn.Parameter(few[:2]), "i": few[:2].int()}})
save("protocol4.pth", {"w": few[:2]}, pickle_protocol=4)
# Pickles alone, which the fuzzer wraps in a container of its own.
for name in ("half", "views", "wrapped", "parameter", "protocol4"):
    with zipfile.ZipFile(f"{CORPUS}/{name}.pth") as archive:
        entry = next(entry for entry in archive.namelist() if entry.endswith("data.pkl"))
        with open(f"{CORPUS}/{name}.pkl", "wb") as file:
            file.write(archive.read(entry))
laughs = ["x"]
for _ in range(12):
    laughs = [laughs] * 10
deep = []
for _ in range(300):
    deep = [deep]
for name, value in (("call", {"w": Call()}), ("laughs", {"w": laughs}), ("deep", deep),
                    ("big-integer", 1 << 80)):
    with open(f"{CORPUS}/{name}.pkl", "wb") as file:
        file.write(pickle.dumps(value, 2))
open(f"{CORPUS}/empty", "wb").close()
