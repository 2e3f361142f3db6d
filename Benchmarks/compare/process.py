"""The other side of `worker`: a contestant's process, as the contest sees it."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class WorkerError(Exception):
    """A contestant that could not load or run; the text says how it ended."""


@dataclass(frozen=True)
class Run:
    """One run of a stage."""

    seconds: float
    #: Cores that other programs, or the machine's host, took from it meanwhile.
    disturbance: float


class Worker:
    """A loaded stage, ready to run again and again."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path):
        self.peak_bytes = 0
        begin = time.perf_counter()
        with open(log, "ab") as errors:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._log = log
        self._expect("ready")
        #: From the start of the process until it could run.
        self.load_seconds = time.perf_counter() - begin
        self.load_peak_bytes = self._status("VmHWM")
        # The peak of the runs alone is to be known: forget the loading's.
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    def run(self) -> Run:
        """Runs the stage once."""
        before = _busy_seconds(self._process.pid)
        begin = time.perf_counter()
        try:
            self._process.stdin.write("run\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None
        seconds, *peak = self._answer().split()
        elapsed = time.perf_counter() - begin
        foreign = _busy_seconds(self._process.pid) - before
        self.peak_bytes = max(self.peak_bytes, self._status("VmHWM"), *map(int, peak))
        return Run(float(seconds), max(foreign / elapsed, 0))

    def close(self):
        """Ends the process and gives its memory back."""
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> str:
        line = self._process.stdout.readline().strip()
        if not line:
            raise self._failure()
        return line

    def _expect(self, word: str):
        if (answer := self._answer()) != word:
            raise WorkerError(f"expected {word}, found {answer}")

    def _failure(self) -> WorkerError:
        self.close()
        return WorkerError(f"exit status {self._process.returncode}, see {self._log}")

    def _status(self, key: str) -> int:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
        return 0


def _busy_seconds(pid: int) -> float:
    """Processor seconds taken so far by all but one process and its ended children."""
    total = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _, _, interrupt, soft_interrupt, steal = map(int, total)
    own = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    own_ticks = sum(map(int, own[11:15]))
    busy = user + nice + system + interrupt + soft_interrupt + steal
    return (busy - own_ticks) / TICKS
