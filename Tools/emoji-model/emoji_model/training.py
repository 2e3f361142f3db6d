"""The loop that all networks share: seeded, for a given time, resumable, with averaged weights."""

import argparse
import math
import pathlib
import time

import torch

WARM_UP = 200
"""Steps until the full learning rate."""

SAVE_EVERY = 60
"""Seconds."""

PAYS_FROM = 1200
"""Seconds of training from which compiling pays on a CPU."""


def arguments(description, seconds):
    """Options of each step of the recipe."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of `data`")
    parser.add_argument("--work", required=True, type=pathlib.Path, help="folder of all steps")
    parser.add_argument("--seconds", type=float, default=seconds, help="time to train")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", type=pathlib.Path, help="a model folder to begin with")
    parser.add_argument("--rate", type=float, help="the full learning rate")
    parser.add_argument("--often", type=pathlib.Path, help="a model folder: show its emoji more")
    parser.add_argument("--licence", type=pathlib.Path, help="notices to put beside the weights")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    options.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    options.batch = options.batch or (512 if options.device.type == "cuda" else 32)
    torch.manual_seed(options.seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    return options


def mixed_precision(device):
    """bf16 where the hardware has it."""
    fast = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


def compiled(network, options):
    """The network, compiled where that pays: on a CPU it takes two minutes."""
    if options.device.type != "cuda" and options.seconds < PAYS_FROM:
        return network
    torch._dynamo.config.suppress_errors = True
    return torch.compile(network, dynamic=False)


class Trainer:
    """Minimizes a loss over the parameters of `networks` (by name) for `seconds`.

    The learning rate rises over WARM_UP steps and then falls with the time by a cosine. State is
    kept in `NAME.pt` of the folder of all steps; a later run goes on from it, and returns at once
    where it was done.
    `average`: a network to keep the averaged weights in, where they are needed while training.
    """

    def __init__(self, name, networks, options, rate, decay=0.999, clip=1.0, average=None):
        self.name, self.networks, self.options = name, networks, options
        self.rate = options.rate or rate
        self.decay, self.clip = decay, clip
        self.path = options.work / f"{name}.pt"
        self.parameters = [p for n in networks.values() for p in n.parameters()]
        if average is None:
            self.average = [p.detach().clone() for p in self.parameters]
        else:
            self.average = [p.detach() for p in average.parameters()]
        self.optimizer = torch.optim.AdamW(
            self.parameters, self.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self.step, self.elapsed = 0, 0.0
        if self.path.exists():
            self._resume()

    def _resume(self):
        state = torch.load(self.path, map_location=self.options.device, weights_only=True)
        for name, network in self.networks.items():
            network.load_state_dict(state["networks"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        torch._foreach_copy_(self.average, state["average"])
        self.step, self.elapsed = state["step"], state["elapsed"]
        torch.manual_seed(self.options.seed + self.step)
        print(f"{self.name}: going on at step {self.step}", flush=True)

    def save(self):
        beside = self.path.with_suffix(".new")
        state = {
            "networks": {name: n.state_dict() for name, n in self.networks.items()},
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "elapsed": self.elapsed,
        }
        torch.save(state, beside)
        beside.replace(self.path)

    def use_average(self):
        """Puts the averaged weights into the networks."""
        with torch.no_grad():
            torch._foreach_copy_(self.parameters, self.average)

    def run(self, loss_of_batch):
        """`loss_of_batch`: a loss and a number to report, both scalars, of a fresh batch."""
        seconds, started, saved = self.options.seconds, time.monotonic(), self.elapsed
        before, reported, first = self.elapsed, time.monotonic(), self.step
        while self.elapsed < seconds:
            progress = self.elapsed / seconds
            rate = self.rate * min(1, (self.step + 1) / WARM_UP)
            for group in self.optimizer.param_groups:
                group["lr"] = rate * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)
            loss, shown = loss_of_batch()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, self.clip)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.step += 1
            keep = min(self.decay, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                torch._foreach_lerp_(self.average, [p.data for p in self.parameters], 1 - keep)
            if self.step % 10 == 0:
                loss.item()  # waits for the device: time is what it took, not what was queued
            if self.step == first + 1:
                started = time.monotonic()  # the first step compiles
            self.elapsed = before + time.monotonic() - started
            if time.monotonic() - reported > 10 or self.step == first + 1:
                reported = time.monotonic()
                print(
                    f"{self.name}: {self.elapsed:.0f} s, step {self.step}, "
                    f"loss {loss.item():.4f}, {shown.item():.4f}",
                    flush=True,
                )
            if self.elapsed - saved > SAVE_EVERY:
                self.save()
                saved = self.elapsed
        self.save()
        self.use_average()
