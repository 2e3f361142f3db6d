"""The comparison as a table for people and as JSON for programs."""

from dataclasses import dataclass

from compare.contest import Contestant
from compare.stages import SCALING_GOAL, START_GOAL, Stage


@dataclass(frozen=True)
class Comparison:
    """Inkstone beside one peer."""

    title: str
    peer: Contestant | None
    ours: Contestant
    #: The most that the ratio may be, if there is a goal.
    goal: float | None

    @property
    def ratio(self) -> float | None:
        """Inkstone's median over the peer's."""
        if self.peer is None or self.ours.seconds is None:
            return None
        return self.ours.seconds / self.peer.seconds

    @property
    def verdict(self) -> str:
        """Whether the goal is met; nothing where there is none."""
        if self.goal is None or self.ratio is None:
            return ""
        return _verdict(self.ratio <= self.goal)


def fastest(peers: list[Contestant]) -> Contestant | None:
    """The peer with the smallest median, of those that were held as was asked for."""
    timed = [peer for peer in peers if peer.seconds is not None and peer.held]
    return min(timed, key=lambda peer: peer.seconds, default=None)


class Result:
    """What a stage's contest gave."""

    def __init__(self, stage: Stage, entries: list[Contestant], vnni: bool):
        self.stage = stage
        self.entries = entries
        self.goal = stage.goal.with_vnni if vnni else stage.goal.without_vnni
        self.ours = next(entry for entry in entries if entry.key == "inkstone")
        self.alone = next((e for e in entries if e.key == "inkstone-1"), None)
        self.peers = [entry for entry in entries if entry.is_peer]

    def comparisons(self) -> list[Comparison]:
        """Inkstone beside the fastest, and beside the fastest in float32 if that is another."""
        best = fastest(self.peers)
        rows = [Comparison(self.stage.title, best, self.ours, self.goal)]
        float32 = fastest([peer for peer in self.peers if peer.precision == "float32"])
        if float32 and (float32 is not best or self.stage.goal.float32):
            title = f"{self.stage.title}, float32 peers"
            goal = self.stage.goal.float32
            rows.append(Comparison(title, float32, self.ours, goal))
        return rows

    @property
    def scaling(self) -> float | None:
        """How much faster all threads are than one."""
        if self.alone is None or not self.alone.seconds or not self.ours.seconds:
            return None
        return self.alone.seconds / self.ours.seconds

    def seconds(self, entry: Contestant) -> str:
        """Median (least–most) of one evaluation."""
        if entry.seconds is None:
            return "–"
        each = [value / self.stage.batch for value in entry.counted]
        text = _digits(entry.seconds / self.stage.batch)
        if len(each) > 1:
            text += f" ({_digits(min(each))}–{_digits(max(each))})"
        return text + (" *" if entry.disturbed else "")

    def json(self) -> dict:
        return {
            "stage": self.stage.key,
            "title": self.stage.title,
            "evaluations": self.stage.batch,
            "comparisons": [
                {
                    "title": row.title,
                    "peer": row.peer and row.peer.key,
                    "ratio": row.ratio,
                    "goal": row.goal,
                }
                for row in self.comparisons()
            ],
            "scaling": self.scaling,
            "contestants": [_entry_json(entry) for entry in self.entries],
        }


def _digits(seconds: float) -> str:
    return f"{seconds:.4f}" if seconds < 0.1 else f"{seconds:.3f}"


def _entry_json(entry: Contestant) -> dict:
    return {
        "key": entry.key,
        "precision": entry.precision,
        "threads": entry.threads,
        "held": entry.held,
        "only_first_run": entry.only_first,
        "seconds": [run.seconds for run in entry.runs],
        "disturbance": [round(run.disturbance, 3) for run in entry.runs],
        "median_seconds": entry.seconds,
        "load_seconds": entry.load_seconds,
        "load_peak_bytes": entry.load_peak_bytes,
        "peak_bytes": entry.peak_bytes,
        "error": entry.error,
    }


def markdown(head: dict, results: list[Result], start: float | None) -> str:
    """The report as a Markdown document."""
    parts = [
        _heading(head),
        _ratios(results, start),
        _figures(results),
        _notes(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(head: dict) -> str:
    machine = head["machine"]
    held = f", both sides held to {head['isa']}" if head["isa"] else ""
    versions = ", ".join(f"{name} {value}" for name, value in head["versions"].items())
    return (
        "# Inkstone beside other CPU runtimes\n\n"
        f"{head['date']}; {machine['processor']}, {machine['cores']} cores"
        f" ({', '.join(machine['features'])}), {head['threads']} threads{held};"
        f" {head['runs']} runs in turn.\n"
        f"Inkstone {head['inkstone']} with int8 weights; {versions}."
    )


def _ratios(results: list[Result], start: float | None) -> str:
    rows = []
    for result in results:
        for row in result.comparisons():
            rows.append(
                [
                    row.title,
                    row.peer.title if row.peer else "–",
                    result.seconds(row.peer) if row.peer else "–",
                    result.seconds(row.ours),
                    "–" if row.ratio is None else f"{row.ratio:.2f}",
                    "–" if row.goal is None else f"≤ {row.goal:.2f}",
                    row.verdict,
                ]
            )
    for result in results:
        if result.scaling:
            rows.append(
                [
                    f"{result.stage.title}, 1 → {result.ours.threads} threads",
                    "Inkstone, 1 thread",
                    result.seconds(result.alone),
                    result.seconds(result.ours),
                    f"{result.scaling:.2f}× faster",
                    f"≥ {SCALING_GOAL}×",
                    _verdict(result.scaling >= SCALING_GOAL),
                ]
            )
    if start is not None:
        rows.append(
            [
                "start to first kernel, files in the page cache",
                "",
                "",
                f"{start:.3f}",
                "",
                f"≤ {START_GOAL} s",
                _verdict(start <= START_GOAL),
            ]
        )
    header = ["stage", "fastest peer", "its s", "Inkstone s", "ratio", "goal", "met"]
    return _table(header, rows, "llrrrrl")


def _verdict(met: bool) -> str:
    return "yes" if met else "no"


def _figures(results: list[Result]) -> str:
    rows = []
    for result in results:
        for entry in sorted(result.entries, key=lambda e: e.seconds or float("inf")):
            marks = " ‡" * entry.only_first + " †" * (not entry.held)
            rows.append(
                [
                    result.stage.title,
                    entry.title + marks,
                    entry.precision,
                    str(entry.threads),
                    entry.error or result.seconds(entry),
                    f"{entry.load_seconds:.2f}",
                    f"{entry.load_peak_bytes / 2**20:.0f}",
                    f"{entry.peak_bytes / 2**20:.0f}",
                ]
            )
    header = [
        "stage",
        "runtime",
        "precision",
        "threads",
        "seconds: median (min–max)",
        "load s",
        "peak MiB loading",
        "peak MiB running",
    ]
    return "## All figures\n\n" + _table(header, rows, "lllrrrrr")


def _notes(results: list[Result]) -> str:
    entries = [entry for result in results for entry in result.entries]
    notes = []
    if any(entry.disturbed and entry.runs for entry in entries):
        notes.append("\\* Other programs ran at the same time in each run.")
    if any(not entry.held for entry in entries):
        notes.append(
            "† Cannot be held to these instructions: does not count for the ratios."
        )
    if any(entry.only_first for entry in entries):
        notes.append(
            "‡ The first run alone: far slower than the fastest of its kind, or no room in memory."
        )
    return "\n\n".join(notes)


def _table(header: list[str], rows: list[list[str]], alignment: str) -> str:
    rule = ["--:" if side == "r" else "---" for side in alignment]
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
