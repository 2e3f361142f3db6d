"""The runtimes that are compared: one module each.

A module says which `Peer`s it offers, and has `load(peer, stage, work, threads)`. That
returns a function which runs the stage once; it is called in a process of the peer's own,
in the virtual environment. It may return the seconds that it measured itself, as a
`Sample`; otherwise the call is timed.
"""

from dataclasses import dataclass, field
from importlib import import_module

MODULES = ("openvino", "onnxruntime", "ncnn", "torch", "stable_diffusion_cpp")


@dataclass(frozen=True)
class Peer:
    """A runtime at one precision."""

    #: What `--peers` takes.
    key: str
    title: str
    #: float32, float16 or int8, of the products that take the time.
    precision: str
    #: The module that it lives in.
    module: str
    #: The package whose version counts.
    package: str
    #: The models that it runs, and what it reads for each.
    artefacts: dict[str, str]
    #: The environment in which it takes nothing beyond AVX2; None where it has no switch.
    avx2: dict[str, str] | None = None
    #: False where it was compiled for this very processor, whatever that says it can do.
    asks_processor: bool = True
    #: Models that it runs one after the other only: no batch of two.
    unbatched: frozenset[str] = field(default_factory=frozenset)

    def runs(self, stage) -> bool:
        """Whether the peer takes part in a stage."""
        return stage.model in self.artefacts and (
            stage.batch == 1 or stage.model not in self.unbatched
        )


@dataclass(frozen=True)
class Sample:
    """What a run took, where the peer measures itself."""

    seconds: float
    #: The most memory that was resident, where another process ran.
    peak_bytes: int = 0


def all_peers() -> list[Peer]:
    """Every peer, those first that tend to be fast."""
    return [peer for name in MODULES for peer in module(name).PEERS]


def module(name: str):
    """A peer's module by its name."""
    return import_module(f"compare.peers.{name}")
