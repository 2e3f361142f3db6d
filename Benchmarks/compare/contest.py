"""The contest: all contestants of a stage run it in turn, again and again."""

import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from compare import inkstone, machine, peers
from compare.process import Run, Worker, WorkerError
from compare.stages import Stage

#: A peer so many times slower than the fastest of its kind in its first run is not run
#: again, if a run is not short. Eight bits are one kind, floating point the other.
PATIENCE = 1.4
#: With less memory available than this, the slowest peer has to leave.
LEAST_MEMORY = 5 << 30
#: A run from which more cores than this were taken does not count.
DISTURBED = 0.1
#: Runs shorter than this are repeated more often.
SHORT_SECONDS = 1.0
#: For the threads of one contestant to go to sleep before the next one runs.
PAUSE_SECONDS = 0.3


@dataclass(frozen=True)
class Settings:
    """What the command line asked for."""

    work: Path
    python: Path
    programs: Path
    threads: int
    runs: int
    isa: str | None
    #: What hides all beyond AVX2 from a program that asks the processor; None: nothing can.
    mask: dict[str, str] | None


@dataclass
class Contestant:
    """Someone who runs a stage, and how that went."""

    key: str
    title: str
    precision: str
    threads: int
    command: list[str]
    environment: dict[str, str]
    #: False where the contestant used more than it was to be held to.
    held: bool = True
    runs: list[Run] = field(default_factory=list)
    load_seconds: float = 0
    load_peak_bytes: int = 0
    peak_bytes: int = 0
    #: Why there are no figures.
    error: str | None = None
    #: Whether the only run is the first, which has everything to set up.
    only_first: bool = False

    @property
    def is_peer(self) -> bool:
        return not self.key.startswith("inkstone")

    @property
    def counted(self) -> list[float]:
        """Seconds of the undisturbed runs; of all where none was."""
        quiet = [run.seconds for run in self.runs if run.disturbance <= DISTURBED]
        return quiet or [run.seconds for run in self.runs]

    @property
    def disturbed(self) -> bool:
        return all(run.disturbance > DISTURBED for run in self.runs)

    @property
    def seconds(self) -> float | None:
        """The median."""
        return statistics.median(self.counted) if self.runs else None


def contestants(stage: Stage, chosen: list, settings: Settings) -> list[Contestant]:
    """Inkstone, on one thread as well where that is measured, and the peers."""
    entries = [_inkstone(stage, settings, settings.threads)]
    for peer in chosen:
        if peer.runs(stage):
            entries.append(_peer(peer, stage, settings))
    if stage.scaling and settings.threads == 2:
        entries.append(_inkstone(stage, settings, 1))
    return entries


def _inkstone(stage: Stage, settings: Settings, threads: int) -> Contestant:
    alone = threads == 1 and settings.threads != 1
    return Contestant(
        key="inkstone-1" if alone else "inkstone",
        title="Inkstone, 1 thread" if alone else "Inkstone",
        precision="int8",
        threads=threads,
        command=inkstone.command(settings.programs, settings.work, stage, threads),
        environment={"INKSTONE_ISA": settings.isa} if settings.isa else {},
    )


def _peer(peer: peers.Peer, stage: Stage, settings: Settings) -> Contestant:
    command = [settings.python, "-m", "compare.worker", peer.key, stage.key]
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "OMP_NUM_THREADS": str(settings.threads),
    }
    held = _holding(peer, settings) if settings.isa else {}
    return Contestant(
        key=peer.key,
        title=peer.title,
        precision=peer.precision,
        threads=settings.threads,
        command=[*map(str, command), str(settings.work), str(settings.threads)],
        environment=environment | (held or {}),
        held=held is not None,
    )


def _holding(peer: peers.Peer, settings: Settings) -> dict[str, str] | None:
    """The environment that holds a peer to AVX2, if there is one."""
    if settings.mask and peer.asks_processor:
        return settings.mask
    return peer.avx2


def hold(stage: Stage, entries: list[Contestant], settings: Settings):
    """Fills in the runs of all contestants."""
    loaded = _first_runs(stage, entries, settings)
    short = any((entry.seconds or 0) < SHORT_SECONDS for entry, _ in loaded)
    for entry, _ in loaded:
        entry.runs.clear()
    try:
        for _ in range(settings.runs * (5 if short else 1)):
            for entry, worker in loaded:
                if not entry.error:
                    _take_turn(entry, worker)
    finally:
        for entry, worker in loaded:
            worker.close()


def _first_runs(stage: Stage, entries: list[Contestant], settings: Settings) -> list:
    """Loads everyone. The slow ones leave again, and with them their memory."""
    loaded = []
    for entry in entries:
        _make_room(loaded)
        log = settings.work / "logs" / f"{stage.key}-{entry.key}.log"
        log.parent.mkdir(exist_ok=True)
        _say(f"{stage.title}: {entry.title}")
        try:
            worker = Worker(entry.command, entry.environment, log)
            entry.load_seconds = worker.load_seconds
            entry.load_peak_bytes = worker.load_peak_bytes
            entry.runs.append(worker.run())
            entry.peak_bytes = worker.peak_bytes
        except WorkerError as error:
            entry.error = str(error)
            _say(f"{stage.title}: {entry.title}: {error}")
            continue
        loaded.append((entry, worker))
        limit = max(PATIENCE * _best_of_kind(entry, loaded), SHORT_SECONDS)
        if entry.is_peer and entry.seconds > limit:
            _dismiss(loaded, entry)
    return loaded


def _best_of_kind(entry: Contestant, loaded: list) -> float:
    """The fastest first run of the peers whose precision is of the same kind."""
    return min(
        (
            other.seconds
            for other, _ in loaded
            if other.is_peer
            and other.held
            and (other.precision == "int8") == (entry.precision == "int8")
        ),
        default=float("inf"),
    )


def _make_room(loaded: list):
    """Lets the slowest peer go when memory runs short."""
    peers_loaded = [entry for entry, _ in loaded if entry.is_peer]
    if peers_loaded and machine.available_bytes() < LEAST_MEMORY:
        _dismiss(loaded, max(peers_loaded, key=lambda entry: entry.seconds))


def _dismiss(loaded: list, entry: Contestant):
    """Ends a peer's process; its first run stays its only one."""
    worker = next(worker for other, worker in loaded if other is entry)
    loaded.remove((entry, worker))
    worker.close()
    entry.only_first = True


def _take_turn(entry: Contestant, worker: Worker):
    """One run, and a second one where the first was disturbed."""
    for _ in range(2):
        time.sleep(PAUSE_SECONDS)
        try:
            run = worker.run()
        except WorkerError as error:
            entry.error = str(error)
            return
        entry.runs.append(run)
        entry.peak_bytes = worker.peak_bytes
        taken = f"{run.seconds:.3f} s, {run.disturbance:.2f} cores taken from it"
        _say(f"    {entry.title}: {taken}")
        if run.disturbance <= DISTURBED:
            return


def start_seconds(stage: Stage, settings: Settings, times: int = 5) -> float:
    """From Inkstone's start until its first kernel may run; the files are in the cache."""
    entry = _inkstone(stage, settings, settings.threads)
    taken = []
    for _ in range(times + 1):
        log = settings.work / "logs" / f"start-{stage.key}.log"
        log.parent.mkdir(exist_ok=True)
        worker = Worker(entry.command, entry.environment, log)
        taken.append(worker.load_seconds)
        worker.close()
    return statistics.median(taken[1:])


def _say(text: str):
    print(f"compare: {text}", file=sys.stderr, flush=True)
