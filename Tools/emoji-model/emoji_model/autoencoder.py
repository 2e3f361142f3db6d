"""Step 1: the autoencoder. L1 + MSE + L1 of gradients, and 1e-6 of the KL divergence."""

import torch
from torch.nn import functional

from . import networks, training
from .pictures import Pictures, random_choices

KL_WEIGHT = 1e-6


def load(options):
    """The trained autoencoder, ready to encode, and its scaling factor set."""
    network = networks.autoencoder().to(options.device)
    state = torch.load(options.work / "autoencoder.pt", options.device, weights_only=True)
    for parameter, average in zip(network.parameters(), state["average"], strict=True):
        parameter.data.copy_(average)
    return network.eval().requires_grad_(False)


def peak_signal_to_noise(network, pictures, device, batch=64):
    """Decibels of each emoji, plain, on a ground that goes around: [emoji]."""
    results = []
    for emoji in torch.arange(pictures.count, device=device).split(batch):
        wanted = pictures(emoji, emoji % 11, torch.zeros_like(emoji))
        with torch.no_grad():
            drawn = network.decode(network.encode(wanted).latent_dist.mean).sample.clamp(-1, 1)
        error = ((drawn - wanted) / 2).pow(2).mean((1, 2, 3))
        results.append(-10 * error.log10())
    return torch.cat(results)


def main():
    options = training.arguments(__doc__, seconds=3600)
    device = options.device
    batch = min(options.batch, 64)
    pictures = Pictures(options.data, device)
    network = networks.autoencoder().to(device, memory_format=torch.channels_last)
    if options.start:
        networks.start_from(network, options.start / "vae/diffusion_pytorch_model.safetensors")
    trainer = training.Trainer("autoencoder", {"vae": network}, options, rate=1e-3)

    def loss_of_pictures(wanted):
        """Encoder, a draw of the latents, decoder and loss: one graph to compile."""
        mean, log_variance = network.quant_conv(network.encoder(wanted)).chunk(2, 1)
        log_variance = log_variance.clamp(-30, 20)
        latents = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        drawn = network.decoder(network.post_quant_conv(latents)).float()
        error = functional.mse_loss(drawn, wanted)
        kl = (mean.float() ** 2 + log_variance.float().exp() - 1 - log_variance.float()).sum() / 2
        edges = sum(
            functional.l1_loss(drawn.diff(dim=axis), wanted.diff(dim=axis)) for axis in (2, 3)
        )
        loss = functional.l1_loss(drawn, wanted) + error + edges
        return loss + KL_WEIGHT * kl / len(wanted), error

    step = training.compiled(loss_of_pictures, options)

    def loss_of_batch():
        wanted = pictures(*random_choices(pictures.count, batch, device))
        wanted = wanted.contiguous(memory_format=torch.channels_last)
        with training.mixed_precision(device):
            loss, error = step(wanted)
        return loss, -10 * (error / 4).log10()

    trainer.run(loss_of_batch)
    decibels = peak_signal_to_noise(network, pictures, device)
    print(f"autoencoder: {decibels.mean():.2f} dB, worst {decibels.min():.2f}", flush=True)


if __name__ == "__main__":
    main()
