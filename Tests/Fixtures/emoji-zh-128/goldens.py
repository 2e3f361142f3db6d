"""Draws the first pictures of this folder and of emoji-zh-128-lcm with diffusers, each with the
model of Models/checkpoints that is called like the folder. `make quality` uses the other cases, too.

Run in the environment of `make emoji-data`, from anywhere.
"""

import json
import pathlib

import torch
from diffusers import StableDiffusionPipeline

fixtures = pathlib.Path(__file__).resolve().parents[1]
for name in ("emoji-zh-128", "emoji-zh-128-lcm"):
    pipeline = StableDiffusionPipeline.from_pretrained(
        fixtures.parents[1] / "Models/checkpoints" / name, torch_dtype=torch.float32
    )
    cases = json.loads((fixtures / name / "cases.json").read_text(encoding="utf-8"))
    for index, case in enumerate(cases[:4]):
        pipeline(
            case["prompt"],
            num_inference_steps=case["steps"],
            guidance_scale=case["guidance"],
            generator=torch.Generator("cpu").manual_seed(case["seed"]),
        ).images[0].save(fixtures / name / f"{index}.png")
