"""Measures a model: does it draw the asked emoji on the asked ground?

Of each picture the nearest training picture, in pixel space, is sought among every emoji on every
ground (in the asked style); it passes where that is the asked one.
"""

import argparse
import json
import pathlib
import random

import torch
from diffusers import AutoencoderKL, DDIMScheduler, LCMScheduler, UNet2DConditionModel
from transformers import BertTokenizer, CLIPTextModel

from . import autoencoder
from .captions import GROUNDS, STYLES, TOKENS, caption, read_words
from .pictures import Pictures, seen_in_training


class Painter:
    """A model in a diffusers folder; few-step models draw unguided."""

    def __init__(self, folder, device, steps, guidance):
        load = {"torch_dtype": torch.float32}
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", **load).to(device)
        self.vae = AutoencoderKL.from_pretrained(folder / "vae", **load).to(device)
        self.text = CLIPTextModel.from_pretrained(folder / "text_encoder").float().to(device)
        self.tokenizer = BertTokenizer.from_pretrained(folder / "tokenizer")
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        kind = LCMScheduler if "LCM" in index["scheduler"][1] else DDIMScheduler
        self.scheduler = kind.from_pretrained(folder / "scheduler")
        self.steps, self.guidance, self.device = steps, guidance, device

    def hidden(self, prompts):
        ids = self.tokenizer(
            prompts, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt"
        ).input_ids
        return self.text(ids.to(self.device)).last_hidden_state

    @torch.no_grad()
    def draw(self, prompts, seed):
        """[N, 3, side, side] in -1...1."""
        size, side = len(prompts), self.unet.config.sample_size
        generator = torch.Generator("cpu").manual_seed(seed)
        latents = torch.randn(size, 4, side, side, generator=generator).to(self.device)
        guided = self.guidance > 1
        hidden = self.hidden(prompts + [""] * size if guided else prompts)
        self.scheduler.set_timesteps(self.steps, device=self.device)
        for timestep in self.scheduler.timesteps:
            given = torch.cat([latents, latents]) if guided else latents
            noise = self.unet(given, timestep, hidden).sample
            if guided:
                asked, unasked = noise.chunk(2)
                noise = unasked + self.guidance * (asked - unasked)
            latents = self.scheduler.step(noise, timestep, latents).prev_sample
        scaled = latents / self.vae.config.scaling_factor
        return self.vae.decode(scaled).sample.clamp(-1, 1)


def nearest(drawn, pictures, style):
    """Emoji and ground of the nearest training picture of each of `drawn`: [N], [N]."""
    device, flat = drawn.device, drawn.flatten(1)
    best = torch.full((len(drawn),), torch.inf, device=device)
    found = torch.zeros(len(drawn), 2, dtype=torch.long, device=device)
    for emoji in torch.arange(pictures.count, device=device).split(64):
        for ground in range(len(GROUNDS)):
            same = torch.full_like(emoji, ground)
            known = pictures(emoji, same, torch.full_like(emoji, style)).flatten(1)
            near = torch.cdist(flat, known).min(1)
            better = near.values < best
            best = torch.where(better, near.values, best)
            here = torch.stack([emoji[near.indices], same[near.indices]], 1)
            found = torch.where(better[:, None], here, found)
    return found.unbind(1)


def cases(words, count, style, seen, seed):
    """(emoji, ground, prompt), none twice; names, and any other word for one in three."""
    chance, chosen = random.Random(seed), {}
    while len(chosen) < count:
        emoji, ground = chance.randrange(len(words)), chance.randrange(len(GROUNDS))
        if seen is not None and bool(seen_in_training(emoji, ground, style)) != seen:
            continue
        word = chance.choice(words[emoji]) if chance.random() < 1 / 3 else words[emoji][0]
        chosen[emoji, ground] = caption(word, style, ground, 0)
    return [(*key, prompt) for key, prompt in chosen.items()]


def share_right(painter, pictures, chosen, style, batch):
    right, wrong = 0, []
    for start in range(0, len(chosen), batch):
        part = chosen[start : start + batch]
        drawn = painter.draw([prompt for *_, prompt in part], seed=start)
        found = torch.stack(nearest(drawn, pictures, style), 1).tolist()
        for (emoji, ground, prompt), (found_emoji, found_ground) in zip(part, found, strict=True):
            if (emoji, ground) == (found_emoji, found_ground):
                right += 1
            else:
                wrong.append((prompt, found_emoji, found_ground))
    return right / len(chosen), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=4)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--batch", type=int, default=60)
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pictures, words = Pictures(options.data, device), read_words(options.data)
    painter = Painter(options.model, device, options.steps, options.guidance)
    decibels = autoencoder.peak_signal_to_noise(painter.vae, pictures, device)
    print(f"| autoencoder | {decibels.mean():.1f} dB, worst {decibels.min():.1f} |")
    how = f"{options.steps} steps, guidance {options.guidance:g}"
    rows = [("every emoji, every ground", 0, None), ("never seen in training", 0, False)]
    rows += [(f"{STYLES[style]}, never seen", style, False) for style in (1, 2, 3)]
    for title, style, seen in rows:
        chosen = cases(words, options.count, style, seen, seed=7)
        share, wrong = share_right(painter, pictures, chosen, style, options.batch)
        print(f"| {title}, {how} | {share:.1%} |", flush=True)
        for prompt, emoji, ground in wrong[:12]:
            print(f"    {prompt}: {words[emoji][0]}, {list(GROUNDS)[ground]}", flush=True)


if __name__ == "__main__":
    main()
