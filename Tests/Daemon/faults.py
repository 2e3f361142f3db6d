"""The disk refuses each operation in turn, once (EIO) or from then on (ENOSPC): what was accepted
ends with the right bytes, what was refused leaves nothing behind.

usage: faults.py [FIRST [STEP]]      begins with operation FIRST and takes every STEP-th
"""

import contextlib
import errno
import hashlib
import http.client
import os
import pathlib
import re
import sys
import time

from harness import Daemon, DaemonLeft, temporary_folder
from report import Report

SHIM = os.environ.get(
    "FAULT_SHIM", str(pathlib.Path(__file__).parents[2] / ".build-daemon/libfault.so")
)
REQUESTS = (
    {"prompt": "熊猫", "seed": 1, "steps": 2},
    {"prompt": "苹果", "seed": 2, "steps": 2, "count": 2},
)
KINDS = (("EIO once", errno.EIO, 0), ("ENOSPC on and on", errno.ENOSPC, 1))


def names(daemon: Daemon) -> list[str]:
    """What is in the spool, with the jobs' random digits left out."""
    found = []
    for folder, _, files in os.walk(daemon.spool):
        found += [os.path.relpath(f"{folder}/{file}", daemon.spool) for file in files]
        found += [os.path.relpath(folder, daemon.spool)]
    return sorted(re.sub(r"\d{8}-[0-9a-f]{8}", "ID", name) for name in found)


def pictures(daemon: Daemon, job: dict) -> list[str]:
    return [hashlib.sha256(png).hexdigest() for png in daemon.pictures(job)]


def failed_lines(log: str) -> list[str]:
    """The operations that failed, as the shim noted them."""
    with contextlib.suppress(FileNotFoundError), open(log, encoding="utf-8") as file:
        return [line for line in file.read().splitlines() if line.endswith(" FAILED")]
    return []


def over_or_stuck(daemon: Daemon, identifiers: list[str], log: str, patience: float) -> None:
    """Waits until the jobs are done, or until an operation has failed and `patience` is over."""
    until = time.monotonic() + 30
    failed = None
    while time.monotonic() < until:
        if all(daemon.job(identifier)["state"] == "done" for identifier in identifiers):
            return
        if failed is None and failed_lines(log):
            failed = time.monotonic()
        if failed is not None and time.monotonic() - failed > patience:
            return
        time.sleep(0.02)


class Trial:
    """One run in which operation `number` fails, and one on the same spool in which none does."""

    def __init__(self, kind: tuple, number: int, peaceful: dict) -> None:
        self.kind, self.number, self.peaceful = kind, number, peaceful
        self.problems: list[str] = []
        self.operation = ""
        self.accepted: list[tuple[int, str]] = []

    def run(self) -> None:
        with temporary_folder() as folder:
            daemon = Daemon(folder)
            try:
                self.disturbed(daemon)
                daemon.kill()
                self.look_at(f"{folder}/operations")
                daemon.start()
                self.undisturbed(daemon)
            except (DaemonLeft, OSError, KeyError, http.client.HTTPException) as error:
                self.problems.append(repr(error))
            finally:
                if daemon.alive:
                    daemon.kill()

    def disturbed(self, daemon: Daemon) -> None:
        _, code, sticks = self.kind
        try:
            daemon.start(
                LD_PRELOAD=SHIM,
                FAULT_PREFIX=daemon.spool,
                FAULT_AT=str(self.number),
                FAULT_ERRNO=str(code),
                FAULT_STICKS=str(sticks),
                FAULT_LOG=f"{daemon.folder}/operations",
            )
        except DaemonLeft:
            # It may decline to begin, but has to end by itself and say why.
            if daemon.process.poll() is None or daemon.process.returncode < 0:
                self.problems.append("did not start, did not say why")
            return
        for index, request in enumerate(REQUESTS):
            answer = daemon.ask("POST", "/v1/jobs", request)
            if answer.status == 202:
                self.accepted.append((index, answer.json["id"]))
            elif answer.status != 507:
                self.problems.append(f"POST: {answer.status} {answer.body.decode()}")
        over_or_stuck(
            daemon,
            [identifier for _, identifier in self.accepted],
            f"{daemon.folder}/operations",
            1 if sticks else 20,
        )
        # What follows the last state, such as removing a checkpoint, is still to come.
        time.sleep(0.1)
        if not daemon.alive:
            self.problems.append(f"the daemon ended: {daemon.log_tail(300)}")
        self.failed_jobs(daemon)

    def failed_jobs(self, daemon: Daemon) -> None:
        for job in daemon.jobs():
            if job["state"] in ("failed", "cancelled"):
                self.problems.append(f"{job['state']}: {job['error']}")

    def undisturbed(self, daemon: Daemon) -> None:
        listed = [job["id"] for job in daemon.jobs()]
        if listed != [identifier for _, identifier in self.accepted]:
            self.problems.append(f"accepted {self.accepted}, found {listed}")
        for index, identifier in self.accepted:
            job = daemon.wait(identifier, 30)
            if pictures(daemon, job) != self.peaceful["pictures"][index]:
                self.problems.append(f"{identifier}: {job['state']} {job['error']}, other bytes")
        time.sleep(0.05)
        if len(self.accepted) == len(REQUESTS) and names(daemon) != self.peaceful["names"]:
            extra = set(names(daemon)) ^ set(self.peaceful["names"])
            self.problems.append(f"left behind or missing: {sorted(extra)}")
        hidden = [name for name in names(daemon) if re.search(r"(^|/)\.[^/]", name)]
        if hidden:
            self.problems.append(f"left behind: {hidden}")

    def look_at(self, log: str) -> None:
        failed = failed_lines(log)
        if failed:
            _, operation, path, _ = failed[0].split(" ")
            self.operation = f"{operation} {re.sub(r'.*/spool', 'spool', path)}"


def peaceful_run() -> dict:
    """What the jobs give when nothing fails, and how many operations that takes."""
    with temporary_folder() as folder:
        daemon = Daemon(folder)
        daemon.start(LD_PRELOAD=SHIM, FAULT_PREFIX=daemon.spool, FAULT_LOG=f"{folder}/operations")
        jobs = [daemon.wait(daemon.submit(**request)["id"]) for request in REQUESTS]
        time.sleep(0.2)
        seen = {"pictures": [pictures(daemon, job) for job in jobs], "names": names(daemon)}
        daemon.kill()
        with open(f"{folder}/operations", encoding="utf-8") as file:
            return seen | {"operations": len(file.read().splitlines())}


def main() -> None:
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    step = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    report = Report("write errors at every operation in turn")
    peaceful = peaceful_run()
    report.check(
        "operations on the spool in peace",
        "> 20",
        peaceful["operations"],
        peaceful["operations"] > 20,
    )
    for kind in KINDS:
        good, began, refused, missed = 0, 0, 0, 0
        for number in range(first, peaceful["operations"] + 1, step):
            trial = Trial(kind, number, peaceful)
            trial.run()
            # Two threads write: the last operations of one run may not come in another.
            missed += not trial.operation
            began += 1
            good += not trial.problems
            refused += len(REQUESTS) - len(trial.accepted)
            for problem in trial.problems:
                report.check(
                    f"{kind[0]}, operation {number} ({trial.operation})", "no harm", problem, False
                )
        report.check(
            f"{kind[0]}: operations that failed",
            "each without harm",
            f"{good} of {began}",
            good == began > 20 // step,
        )
        report.check(f"{kind[0]}: operations that did not come", "< 5", missed, missed < 5)
        report.check(f"{kind[0]}: requests refused", "some, not most", refused, 0 < refused < began)
    report.finish()


if __name__ == "__main__":
    main()
