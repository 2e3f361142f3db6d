"""Writes single-file.json: which tensor of a single file is which of a diffusers folder.

usage: single_file.py FILE.safetensors FOLDER

The pairs are found by the tensors' bytes, so that no table of names has a say in it. FILE and FOLDER
are the same small random model, saved both ways by diffusers' own conversion.
"""

import json
import pathlib
import sys

from safetensors import safe_open

STAGES = {"text_encoder": "model", "unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}


def tensors(path: pathlib.Path):
    with safe_open(path, "np") as file:
        for name in file.keys():
            yield name, file.get_tensor(name)


def main() -> None:
    single, folder = map(pathlib.Path, sys.argv[1:])
    by_bytes = {}
    for stage, stem in STAGES.items():
        for name, tensor in tensors(folder / stage / f"{stem}.safetensors"):
            if stage == "text_encoder" and not name.startswith("text_model."):
                name = "text_model." + name
            by_bytes.setdefault(tensor.tobytes(), []).append(f"{stage}/{name}")
    pairs = {}
    for name, tensor in sorted(tensors(single)):
        (found,) = by_bytes.pop(tensor.tobytes())
        pairs[name] = [found, list(tensor.shape)]
    assert not by_bytes, f"in the folder alone: {by_bytes.values()}"
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(pair)}" for name, pair in pairs.items())
    path = pathlib.Path(__file__).with_name("single-file.json")
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
