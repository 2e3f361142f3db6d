"""Step 4: the U-Net distilled to few steps without guidance (LCM, Luo et al. 2023).

Consistency distillation: from noisy latents the guided teacher takes one DDIM step of 20 timesteps;
the student must say the same of both ends. The far end is judged by the student's own average.
"""

import torch

from . import networks, training
from .denoiser import Denoiser, cached_latents, shown_often
from .pictures import random_choices

GUIDANCE = 4
DDIM_STEPS = 50
SIGMA_DATA, TIMESTEP_SCALE = 0.5, 10
HUBER = 0.001


def _spread(values):
    return values[:, None, None, None]


def main():
    options = training.arguments(__doc__, seconds=1800)
    device = options.device
    latents, _ = cached_latents(options)
    teacher = Denoiser(options).load(options.work / "unet.pt", device)
    for part in teacher.parts.values():
        part.eval().requires_grad_(False)
    student, target = (networks.unet().to(device) for _ in range(2))
    for network in (student, target):
        network.load_state_dict(teacher.unet.state_dict())
        network.to(memory_format=torch.channels_last)
    target.requires_grad_(False)
    trainer = training.Trainer(
        "lcm", {"unet": student}, options, rate=3e-4, decay=0.95, average=target
    )
    alphas = teacher.alphas
    stride = len(alphas) // DDIM_STEPS

    def clean_of(noisy, timesteps, predicted):
        alpha = _spread(alphas[timesteps])
        return (noisy - (1 - alpha).sqrt() * predicted) / alpha.sqrt()

    def consistency(network, noisy, timesteps, hidden):
        """The function that must be the same all along a trajectory."""
        predicted = network(noisy, timesteps, hidden, return_dict=False)[0].float()
        scaled = _spread(timesteps * TIMESTEP_SCALE)
        skip = SIGMA_DATA**2 / (scaled**2 + SIGMA_DATA**2)
        out = scaled / (scaled**2 + SIGMA_DATA**2).sqrt()
        return skip * noisy + out * clean_of(noisy, timesteps, predicted)

    def ddim_step(noisy, timesteps, earlier, hidden, nothing):
        both = torch.cat([noisy, noisy]), torch.cat([timesteps, timesteps])
        predicted = teacher.unet(*both, torch.cat([hidden, nothing]), return_dict=False)[0]
        asked, unasked = predicted.float().chunk(2)
        predicted = unasked + GUIDANCE * (asked - unasked)
        alpha = _spread(alphas[earlier])
        clean = clean_of(noisy, timesteps, predicted)
        return alpha.sqrt() * clean + (1 - alpha).sqrt() * predicted

    def loss_of_inputs(noisy, timesteps, hidden, nothing):
        earlier = (timesteps - stride).clamp(min=0)
        with torch.no_grad():
            less_noisy = ddim_step(noisy, timesteps, earlier, hidden, nothing)
            wanted = consistency(target, less_noisy, earlier, hidden)
        error = consistency(student, noisy, timesteps, hidden) - wanted
        return ((error**2 + HUBER**2).sqrt() - HUBER).mean(), (error**2).mean()

    step = training.compiled(loss_of_inputs, options)
    often = shown_often(options)
    nothing = teacher.encoder(teacher.captions.empty[None]).last_hidden_state

    def loss_of_batch():
        choices = random_choices(len(latents), options.batch, device, often)
        clean = latents[choices].float()
        timesteps = (torch.randint(DDIM_STEPS, (options.batch,), device=device) + 1) * stride - 1
        alpha = _spread(alphas[timesteps])
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * torch.randn_like(clean)
        with torch.no_grad():
            hidden = teacher.encoder(teacher.captions(*choices)).last_hidden_state
        with training.mixed_precision(device):
            return step(noisy, timesteps, hidden, nothing.expand_as(hidden))

    trainer.run(loss_of_batch)


if __name__ == "__main__":
    main()
