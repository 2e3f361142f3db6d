"""What is measured: the stages of a picture, their sizes and what is to be reached."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """Inkstone's time over the fastest peer's: at most this."""

    without_vnni: float
    with_vnni: float
    #: The same against the fastest float32 peer, where that is asked for too.
    float32: float | None = None


@dataclass(frozen=True)
class Stage:
    """One stage at one size."""

    key: str
    title: str
    #: unet, vae, text or rrdb.
    model: str
    #: Latents or pixels on a side, or tokens.
    size: int
    goal: Goal
    #: Evaluations in one run: times are given for one of them.
    batch: int = 1
    #: Whether Inkstone is measured on one thread too.
    scaling: bool = False

    @property
    def shapes(self) -> list[list[int]]:
        """The shape of each input of the model."""
        if self.model == "unet":
            side = self.size
            return [[self.batch, 4, side, side], [self.batch], [self.batch, 77, 768]]
        if self.model == "vae":
            return [[1, 4, self.size, self.size]]
        if self.model == "text":
            return [[1, self.size]]
        return [[1, 3, self.size, self.size]]


STAGES = [
    Stage("text", "text encoder, 77 tokens", "text", 77, Goal(0.80, 0.80)),
    Stage("unet-32", "U-Net, 32×32 latents", "unet", 32, Goal(0.45, 0.75)),
    Stage(
        "unet-64", "U-Net, 64×64 latents", "unet", 64, Goal(0.40, 0.75), scaling=True
    ),
    Stage(
        "unet-64x2",
        "U-Net, 64×64, batch 2, an evaluation",
        "unet",
        64,
        Goal(0.38, 0.75),
        batch=2,
    ),
    Stage(
        "vae-64",
        "VAE decoder to 512×512",
        "vae",
        64,
        Goal(0.55, 0.75, float32=0.35),
        scaling=True,
    ),
    Stage(
        "rrdb-128",
        "RRDBNet x4plus, 128×128",
        "rrdb",
        128,
        Goal(0.45, 0.45),
        scaling=True,
    ),
    Stage("rrdb-256", "RRDBNet x4plus, 256×256", "rrdb", 256, Goal(0.45, 0.45)),
]

#: How much faster two threads are to be than one.
SCALING_GOAL = 1.85
#: Seconds from the start of the process until the first kernel may run.
START_GOAL = 0.1

BY_KEY = {stage.key: stage for stage in STAGES}
