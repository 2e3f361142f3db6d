"""Draws this folder's pictures with diffusers and the model in Models/checkpoints/emoji-zh-128.

Run in the environment of `make emoji-data`, from the repository's root.
"""

import json
import pathlib

import torch
from diffusers import StableDiffusionPipeline

here = pathlib.Path(__file__).parent
pipeline = StableDiffusionPipeline.from_pretrained(
    here.parents[2] / "Models/checkpoints/emoji-zh-128", torch_dtype=torch.float32
)
for index, case in enumerate(json.loads((here / "cases.json").read_text(encoding="utf-8"))):
    pipeline(
        case["prompt"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        generator=torch.Generator("cpu").manual_seed(case["seed"]),
    ).images[0].save(here / f"{index}.png")
