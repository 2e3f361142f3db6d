"""Step 3: the U-Net, and the text encoder with it.

Predicts the noise; min-SNR weights (gamma 5, Hang et al. 2023); one caption in ten is empty, for
classifier-free guidance. Latents of every emoji in every style on every ground are computed once.
"""

import torch

from . import autoencoder, networks, training
from .captions import GROUNDS, STYLES, emoji_of
from .pictures import Pictures, random_choices
from .text import CaptionSampler, Heads

GAMMA = 5
NO_CAPTION = 0.1
TELLING = 0.02
"""Weight of the text encoder's own loss."""


def latents_of_all(options, vae):
    """[emoji, grounds, styles, 4, 16, 16], of unit variance, and the scaling factor."""
    device = options.device
    pictures = Pictures(options.data, device)
    where = torch.cartesian_prod(
        *(torch.arange(n, device=device) for n in (pictures.count, len(GROUNDS), len(STYLES)))
    )
    parts = []
    for part in where.split(128):
        with torch.no_grad(), training.mixed_precision(device):
            parts.append(vae.encode(pictures(*part.unbind(1))).latent_dist.mean.half())
    latents = torch.cat(parts)
    scale = 1 / latents.float().std().item()
    shape = (pictures.count, len(GROUNDS), len(STYLES), *latents.shape[1:])
    return (latents * scale).reshape(shape), scale


def cached_latents(options):
    path = options.work / "latents.pt"
    if not path.exists():
        latents, scale = latents_of_all(options, autoencoder.load(options))
        torch.save({"latents": latents, "scale": scale}, path)
    state = torch.load(path, options.device, weights_only=True)
    return state["latents"], state["scale"]


def shown_often(options):
    """Indices of the emoji of --often, or none."""
    if not options.often:
        return None
    return torch.tensor(emoji_of(options.often, options.data), device=options.device)


class Denoiser:
    """The trained networks and what they are trained with."""

    def __init__(self, options):
        device = options.device
        self.captions = CaptionSampler(options.data, device)
        count = len(self.captions.word_range)
        self.encoder = networks.text_encoder(self.captions.vocabulary_size).to(device)
        self.heads = Heads(count).to(device)
        self.unet = networks.unet().to(device, memory_format=torch.channels_last)
        self.alphas = networks.noise_schedule().alphas_cumprod.to(device)

    @property
    def parts(self):
        return {"unet": self.unet, "encoder": self.encoder, "heads": self.heads}

    def load(self, path, device):
        """Averaged weights of a Trainer's state."""
        state = torch.load(path, device, weights_only=True)
        parameters = [p for part in self.parts.values() for p in part.parameters()]
        for parameter, average in zip(parameters, state["average"], strict=True):
            parameter.data.copy_(average)
        return self


def main():
    options = training.arguments(__doc__, seconds=5400)
    device = options.device
    latents, _ = cached_latents(options)
    model = Denoiser(options)
    if options.start:
        networks.start_from(
            model.unet, options.start / "unet/diffusion_pytorch_model.safetensors"
        )
    text = torch.load(options.work / "text.pt", device, weights_only=True)["networks"]
    model.encoder.load_state_dict(text["encoder"])
    model.heads.load_state_dict(text["heads"])
    trainer = training.Trainer("unet", model.parts, options, rate=1e-3)
    often = shown_often(options)
    signal = model.alphas / (1 - model.alphas)
    weights = (GAMMA / signal).clamp(max=1)

    def loss_of_inputs(ids, noisy, timesteps, noise, *choices):
        hidden = model.encoder(ids).last_hidden_state
        predicted = model.unet(noisy, timesteps, hidden, return_dict=False)[0].float()
        error = ((predicted - noise) ** 2).mean((1, 2, 3))
        told, right = model.heads(hidden, *choices)
        return (weights[timesteps] * error).mean() + TELLING * told, error.mean()

    step = training.compiled(loss_of_inputs, options)

    def loss_of_batch():
        choices = random_choices(len(latents), options.batch, device, often)
        clean = latents[choices].float()
        noise = torch.randn_like(clean)
        timesteps = torch.randint(1000, (options.batch,), device=device)
        alpha = model.alphas[timesteps][:, None, None, None]
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        ids = model.captions(*choices)
        unasked = torch.rand(options.batch, 1, device=device) < NO_CAPTION
        ids = torch.where(unasked, model.captions.empty, ids)
        with training.mixed_precision(device):
            return step(ids, noisy, timesteps, noise, *choices)

    trainer.run(loss_of_batch)


if __name__ == "__main__":
    main()
