"""Step 5: writes what was trained as folders that diffusers reads, float16, with the notices.

In the folder of all steps, emoji-zh is the model, emoji-zh-lcm the same with the distilled U-Net
and its sampler.
"""

import json
import shutil

import torch
from diffusers import LCMScheduler

from . import autoencoder, networks, training
from .captions import TOKENS
from .denoiser import Denoiser, cached_latents

TOKENIZER = {
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "mask_token": "[MASK]",
}
BERT = {
    "do_lower_case": True,
    "tokenize_chinese_chars": True,
    "strip_accents": None,
    "model_max_length": TOKENS,
    "tokenizer_class": "BertTokenizer",
}


def _write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def export(folder, options, model, unet, vae, scheduler):
    unet.half().save_pretrained(folder / "unet")
    vae.half().save_pretrained(folder / "vae")
    model.encoder.half().save_pretrained(folder / "text_encoder")
    scheduler.save_pretrained(folder / "scheduler")
    _write(folder / "tokenizer/special_tokens_map.json", TOKENIZER)
    _write(folder / "tokenizer/tokenizer_config.json", {**TOKENIZER, **BERT})
    shutil.copy(options.data / "vocab.txt", folder / "tokenizer/vocab.txt")
    shutil.copy(options.data / "words.txt", folder / "words.txt")
    if options.licence:
        shutil.copy(options.licence, folder / "LICENSE")
    _write(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "feature_extractor": [None, None],
            "image_encoder": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", type(scheduler).__name__],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "BertTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )
    print(f"{folder} written", flush=True)


def main():
    options = training.arguments(__doc__, seconds=0)
    _, scale = cached_latents(options)
    vae = autoencoder.load(options)
    vae.register_to_config(scaling_factor=scale)
    model = Denoiser(options).load(options.work / "unet.pt", options.device)
    scheduler = networks.noise_schedule()
    export(options.work / "emoji-zh", options, model, model.unet, vae, scheduler)
    if (options.work / "lcm.pt").exists():
        state = torch.load(options.work / "lcm.pt", options.device, weights_only=True)
        unet = networks.unet().to(options.device)
        for parameter, average in zip(unet.parameters(), state["average"], strict=True):
            parameter.data.copy_(average)
        few = LCMScheduler.from_config(scheduler.config)
        export(options.work / "emoji-zh-lcm", options, model, unet, vae, few)


if __name__ == "__main__":
    main()
