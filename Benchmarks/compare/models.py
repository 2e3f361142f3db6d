"""The models in torch, of Stable Diffusion 1.5's and Real-ESRGAN's shapes, with random weights."""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

UNET = {
    "sample_size": 64,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (320, 640, 1280, 1280),
    "layers_per_block": 2,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}

VAE = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "sample_size": 512,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}

TEXT = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
    "bos_token_id": 49406,
    "eos_token_id": 49407,
    "pad_token_id": 1,
}


def leaky(x):
    return functional.leaky_relu(x, 0.2)


class DenseBlock(nn.Module):
    """Five convolutions, each of which reads the input and all before it."""

    def __init__(self, features=64, growth=32):
        super().__init__()
        for index in range(5):
            outputs = growth if index < 4 else features
            layer = nn.Conv2d(features + index * growth, outputs, 3, padding=1)
            setattr(self, f"conv{index + 1}", layer)

    def forward(self, x):
        known = [x]
        for index in range(1, 5):
            layer = getattr(self, f"conv{index}")
            known.append(leaky(layer(torch.cat(known, 1))))
        return x + 0.2 * self.conv5(torch.cat(known, 1))


class DenseBlocks(nn.Module):
    """Three dense blocks in a row, with a residual around them."""

    def __init__(self):
        super().__init__()
        self.rdb1 = DenseBlock()
        self.rdb2 = DenseBlock()
        self.rdb3 = DenseBlock()

    def forward(self, x):
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    """Real-ESRGAN x4plus: 64 features, growth 32, 23 blocks, four times the size."""

    def __init__(self):
        super().__init__()
        self.conv_first = nn.Conv2d(3, 64, 3, padding=1)
        self.body = nn.Sequential(*[DenseBlocks() for _ in range(23)])
        for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
            setattr(self, name, nn.Conv2d(64, 64, 3, padding=1))
        self.conv_last = nn.Conv2d(64, 3, 3, padding=1)

    def forward(self, x):
        features = self.conv_first(x)
        features = features + self.conv_body(self.body(features))
        for layer in (self.conv_up1, self.conv_up2):
            larger = functional.interpolate(features, scale_factor=2.0, mode="nearest")
            features = leaky(layer(larger))
        return self.conv_last(leaky(self.conv_hr(features)))


class Forward(nn.Module):
    """A model as a function of plain tensors: what the converters trace."""

    def __init__(self, name, model):
        super().__init__()
        self.name = name
        self.model = model

    def forward(self, *inputs):
        if self.name == "unet":
            sample, timestep, context = inputs
            return self.model(sample, timestep, context, return_dict=False)[0]
        if self.name == "vae":
            return self.model.decode(inputs[0], return_dict=False)[0]
        if self.name == "text":
            return self.model(inputs[0])[0]
        return self.model(inputs[0])


#: The folder of each model inside a diffusers checkpoint.
FOLDERS = {"unet": "unet", "vae": "vae", "text": "text_encoder"}


def create(name):
    """The model with random weights, the same in each process."""
    torch.manual_seed(0)
    if name == "rrdb":
        return RRDBNet().eval()
    if name == "text":
        from transformers import CLIPTextConfig, CLIPTextModel

        return CLIPTextModel(CLIPTextConfig(**TEXT)).eval()
    from diffusers import AutoencoderKL, UNet2DConditionModel

    model = UNet2DConditionModel(**UNET) if name == "unet" else AutoencoderKL(**VAE)
    return model.eval()


def load(name, checkpoint: Path):
    """The model with the weights that `write` stored."""
    if name == "rrdb":
        from safetensors.torch import load_file

        model = RRDBNet()
        model.load_state_dict(load_file(checkpoint / "rrdb.safetensors"))
        return Forward(name, model.eval()).eval()
    if name == "text":
        from transformers import CLIPTextModel as kind
    elif name == "unet":
        from diffusers import UNet2DConditionModel as kind
    else:
        from diffusers import AutoencoderKL as kind
    return Forward(name, kind.from_pretrained(checkpoint / FOLDERS[name]).eval()).eval()


def write(name, checkpoint: Path):
    """Stores the model with random weights, as diffusers lays out a checkpoint."""
    from safetensors.torch import save_file

    model = create(name)
    if name == "rrdb":
        save_file(model.state_dict(), checkpoint / "rrdb.safetensors")
        return
    model.save_pretrained(checkpoint / FOLDERS[name])
    if name == "text":
        # The names that published checkpoints have, which newer libraries shorten.
        names = {
            key if key.startswith("text_model.") else f"text_model.{key}": tensor
            for key, tensor in model.state_dict().items()
        }
        path = checkpoint / FOLDERS[name] / "model.safetensors"
        save_file(names, path, metadata={"format": "pt"})
