"""Measures models side by side: do they draw the asked emoji on the asked ground?

Of each picture the nearest training picture, in pixel space, is sought among every emoji that the
model knows on every ground (in the asked style); it passes where that is the asked one. What a
model knows its `words.txt` says. Prints a table in Markdown and, to standard error, what went
wrong.
"""

import argparse
import collections
import json
import pathlib
import random
import sys

import torch
from diffusers import AutoencoderKL, DDIMScheduler, LCMScheduler, UNet2DConditionModel
from transformers import BertTokenizer, CLIPTextModel

from . import autoencoder
from .captions import GROUNDS, STYLES, TOKENS, caption, emoji_of, read_emoji
from .pictures import SIDE, Pictures, seen_in_training

FEW_STEPS = 4


class Painter:
    """A model in a diffusers folder; a distilled one draws in FEW_STEPS, unguided."""

    def __init__(self, folder, device, steps, guidance):
        load = {"torch_dtype": torch.float32}
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", **load).to(device)
        self.vae = AutoencoderKL.from_pretrained(folder / "vae", **load).to(device)
        self.text = CLIPTextModel.from_pretrained(folder / "text_encoder").float().to(device)
        self.tokenizer = BertTokenizer.from_pretrained(folder / "tokenizer")
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        distilled = "LCM" in index["scheduler"][1]
        kind = LCMScheduler if distilled else DDIMScheduler
        self.scheduler = kind.from_pretrained(folder / "scheduler")
        self.steps, self.guidance = (FEW_STEPS, 1) if distilled else (steps, guidance)
        self.device = device

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
        # A distilled model's sampler adds noise after each step.
        more = {"generator": generator} if isinstance(self.scheduler, LCMScheduler) else {}
        for timestep in self.scheduler.timesteps:
            given = torch.cat([latents, latents]) if guided else latents
            noise = self.unet(given, timestep, hidden).sample
            if guided:
                asked, unasked = noise.chunk(2)
                noise = unasked + self.guidance * (asked - unasked)
            latents = self.scheduler.step(noise, timestep, latents, **more).prev_sample
        scaled = latents / self.vae.config.scaling_factor
        return self.vae.decode(scaled).sample.clamp(-1, 1)


def nearest(drawn, pictures, style):
    """Emoji and ground of the nearest training picture of each of `drawn`: [N], [N].

    A picture is its layer L and the ground's colour c where that is transparent, t: of the squared
    distance |x - L - t c|^2 all grounds share the products with L and t.
    """
    shown = (drawn + 1) / 2
    colours = pictures.grounds.double()
    distances = []
    for layers in pictures.layers[style].split(64):
        layers = layers.float() / 255
        colour, clear = layers[:, :3], 1 - layers[:, 3:]
        with_colour = (shown.flatten(1) @ colour.flatten(1).T).double()
        with_clear = torch.einsum("nchw,ehw->nec", shown, clear[:, 0]).double()
        own = colour.double().pow(2).sum((1, 2, 3)) - 2 * with_colour
        mixed = (colour * clear).double().sum((2, 3)) - with_clear
        clear = clear.double().pow(2).sum((1, 2, 3))
        distances.append(
            own[:, :, None] + 2 * mixed @ colours.T + clear[:, None] * colours.pow(2).sum(1)
        )
    best = torch.cat(distances, 1).flatten(1).argmin(1)
    return best // len(GROUNDS), best % len(GROUNDS)


def cases(words, count, style, seen, seed):
    """(emoji, ground, prompt), none twice; names, and any other word for one in three."""
    chance, chosen = random.Random(seed), {}
    while len(chosen) < count:
        emoji, ground = chance.randrange(len(words)), chance.randrange(len(GROUNDS))
        if not words[emoji]:
            continue
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


class Measure:
    """One model and what it was shown: every emoji of its `words.txt`, in its size."""

    def __init__(self, folder, options, device):
        self.name = folder.name
        self.painter = Painter(folder, device, options.steps, options.guidance)
        self.how = f"{self.painter.steps}, {self.painter.guidance:g}"
        vae = self.painter.vae.config
        side = self.painter.unet.config.sample_size * 2 ** (len(vae.block_out_channels) - 1)
        emoji = read_emoji(folder)
        # The first model was taught words of several emoji too, which nothing can draw right.
        meanings = collections.Counter(word for line in emoji.values() for word in line)
        self.names = [line[0] for line in emoji.values()]
        self.words = [[word for word in line if meanings[word] == 1] for line in emoji.values()]
        self.pictures = Pictures(options.data, device, emoji_of(folder, options.data), side)
        self.styled = side == SIDE
        self.batch = options.batch

    def decibels(self):
        device = self.pictures.grounds.device
        found = autoencoder.peak_signal_to_noise(self.painter.vae, self.pictures, device)
        return f"{found.mean():.1f} dB, worst {found.min():.1f}"

    def share(self, count, style, seen):
        """Of `count` prompts; a model without styles and withheld combinations has no share."""
        if not self.styled and seen is not None:
            return "-"
        chosen = cases(self.words, count, style, seen, seed=7)
        share, wrong = share_right(self.painter, self.pictures, chosen, style, self.batch)
        for prompt, emoji, ground in wrong[:12]:
            drawn = f"{self.names[emoji]}, {list(GROUNDS)[ground]}"
            print(f"{self.name} drew for {prompt}: {drawn}", file=sys.stderr)
        return f"{share:.1%} of {count}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--model", required=True, type=pathlib.Path, action="append")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=4)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--few", type=int, default=60, help="prompts never seen, of each style")
    parser.add_argument("--batch", type=int, default=150)
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    models = [Measure(folder, options, device) for folder in options.model]
    rows = [("any emoji, any ground", options.count, 0, None)]
    rows += [("never seen in training", options.few, 0, False)]
    rows += [(f"{STYLES[style]}, never seen", options.few, style, False) for style in (1, 2, 3)]

    def tell(*cells):
        print("| " + " | ".join(cells) + " |", flush=True)

    tell("", *(model.name for model in models))
    tell(*["---"] * (1 + len(models)))
    tell("emoji", *(str(model.pictures.count) for model in models))
    tell("steps, guidance", *(model.how for model in models))
    tell("autoencoder", *(model.decibels() for model in models))
    for title, *which in rows:
        tell(title, *(model.share(*which) for model in models))


if __name__ == "__main__":
    main()
