"""Inkstone as a contestant: its bundles and its commands."""

import os
import subprocess
from pathlib import Path

from compare.stages import Stage

#: What `inkstone bench` calls a stage, and the pixels on a picture's side for one of ours.
_BENCH_STAGES = {
    "text": ("text", 0),
    "unet-32": ("unet", 8),
    "unet-64": ("unet", 8),
    "unet-64x2": ("guided", 8),
    "vae-64": ("decode", 8),
    "rrdb-128": ("upscale", 1),
    "rrdb-256": ("upscale", 1),
}


def bundle(work: Path, stage: Stage) -> Path:
    """The bundle that a stage's weights are in."""
    return work / "inkstone" / ("rrdb" if stage.model == "rrdb" else "sd15")


def quantize(programs: Path, work: Path, stage: Stage):
    """Makes a stage's bundle where it is missing: int8, with random weights."""
    target = bundle(work, stage)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = (
        [work / "checkpoint" / "rrdb.safetensors"]
        if stage.model == "rrdb"
        else ["synthesize", "--family", "sd15"]
    )
    command = [programs / "inkstone-quantize", *source, "--type", "int8", target]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def command(programs: Path, work: Path, stage: Stage, threads: int) -> list[str]:
    """The command that runs a stage for each line it reads."""
    name, scale = _BENCH_STAGES[stage.key]
    side = stage.size * scale or 512
    return [
        os.fspath(programs / "inkstone"),
        "bench",
        "--on-request",
        f"--model={bundle(work, stage)}",
        f"--stages={name}",
        f"--size={side}x{side}",
        f"--threads={threads}",
    ]


def version(programs: Path) -> str:
    """What `inkstone --version` says."""
    return subprocess.run(
        [programs / "inkstone", "--version"], check=True, capture_output=True, text=True
    ).stdout.strip()
