"""Twenty jobs and fifty kills at random moments: nothing is lost, nothing comes twice, and every
picture has the bytes that an undisturbed daemon gives it, with at most one step done again.

usage: kill.py [SEED [KILLS]]
"""

import base64
import hashlib
import http.client
import io
import random
import sys
import threading
import time

from harness import ROOT, Daemon, DaemonLeft, running
from PIL import Image
from report import Report

PROMPTS = ("熊猫，蓝色背景", "苹果，粉色背景", "火箭", "企鹅，绿色背景", "西瓜")
JOBS = 20


def requests() -> list[dict]:
    """Twenty jobs: several samplers and pictures, some enlarged, some made of pictures."""
    samplers = ("ddim", "euler-a", "dpm++2m", "pndm", "lms")
    drawn = [
        {
            "prompt": PROMPTS[index % 5],
            "seed": 100 + index,
            "steps": 60 + index,
            "count": 2 if index % 4 == 1 else 1,
            "upscale": index % 5 == 2,
            "sampler": samplers[index % 5],
        }
        for index in range(JOBS)
    ]
    for index, name in (6, "apple"), (13, "rocket"):
        picture = small_picture(name)
        drawn[index] = {"task": "enlarge", "image": picture}
    # One begins with a picture and draws on.
    drawn[3] = {"prompt": "苹果", "seed": 3, "steps": 60, "width": 64, "height": 64}
    drawn[3] |= {"image": picture, "strength": 0.7}
    return drawn


def small_picture(name: str) -> str:
    """A PNG in base64, small: a tile must be done within the life that a kill leaves a daemon."""
    buffer = io.BytesIO()
    Image.open(ROOT / f"docs/images/{name}.png").convert("RGB").resize((64, 64)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def undisturbed() -> list[list[str]]:
    """The hash of every picture of every job, drawn in peace."""
    with running() as daemon:
        jobs = [daemon.submit(**request) for request in requests()]
        return [hashes(daemon, daemon.wait(job["id"], 300)) for job in jobs]


def hashes(daemon: Daemon, job: dict) -> list[str]:
    """Of the bytes that come, not those that the job claims."""
    return [hashlib.sha256(png).hexdigest() for png in daemon.pictures(job)]


class Watcher(threading.Thread):
    """Notes how far the running job is, as often as it can, until the daemon is gone."""

    def __init__(self, daemon: Daemon, identifiers: list[str]) -> None:
        super().__init__(daemon=True)
        self.server, self.identifiers = daemon, identifiers
        self.seen: list[tuple[str, int, str, int]] = []

    def run(self) -> None:
        left = list(self.identifiers)
        try:
            while left:
                job = self.server.job(left[0])
                progress = job["progress"]
                if job["state"] in ("done", "failed", "cancelled"):
                    left.pop(0)
                elif progress and progress["steps"] > 1:
                    place = job["id"], progress["picture"], progress["stage"]
                    self.seen.append((*place, progress["step"]))
                time.sleep(0.003)
        except (OSError, ValueError, DaemonLeft, http.client.HTTPException):
            return


def redone(before: list[tuple], after: list[tuple]) -> int:
    """Steps of a stage that were shown before a kill and are done again after it."""
    if not before or not after or before[-1][:3] != after[0][:3]:
        return 0
    return before[-1][3] - after[0][3]


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    report = Report(f"kill test: {JOBS} jobs, {kills} kills, seed {seed}")
    chance = random.Random(seed)
    expected = undisturbed()
    with running() as daemon:
        jobs = [daemon.submit(**request) for request in requests()]
        identifiers = [job["id"] for job in jobs]
        before: list[tuple] = []
        worst, early, lists, took_up = 0, 0, set(), 0
        for _ in range(kills):
            watcher = Watcher(daemon, identifiers)
            watcher.start()
            time.sleep(chance.uniform(0, 1.1))
            daemon.kill()
            watcher.join(5)
            if watcher.seen:
                worst = max(worst, redone(before, watcher.seen))
                took_up += bool(before) and before[-1][:3] == watcher.seen[0][:3]
                before = watcher.seen
            if chance.random() < 0.2:
                # One in five dies while it is starting.
                daemon.launch()
                time.sleep(chance.uniform(0, 0.06))
                daemon.kill()
                early += 1
            daemon.start()
            lists.add(tuple(job["id"] for job in daemon.jobs()))
        report.check(
            "kills, those while starting besides", f"{kills} + some", f"{kills} + {early}", True
        )
        report.check(
            "lists of jobs seen after the kills",
            "the 20, in order, always",
            len(lists),
            lists == {tuple(identifiers)},
        )
        report.check("pictures that were gone on with", "> 5", took_up, took_up > 5)
        report.check("steps done again, at most", "<= 1", worst, worst <= 1)
        over = [daemon.wait(identifier, 300) for identifier in identifiers]
        report.check("states", {"done"}, {job["state"] for job in over})
        for job in over:
            if job["error"]:
                report.check(f"error of {job['id']}", None, job["error"])
        seen = [hashes(daemon, job) for job in over]
        report.check(
            "jobs whose pictures have the right bytes",
            JOBS,
            sum(a == b for a, b in zip(expected, seen, strict=True)),
        )
        report.check(
            "what each job claims is what comes",
            True,
            all(
                [image["sha256"] for image in job["images"]] == mine
                for job, mine in zip(over, seen, strict=True)
            ),
        )
    report.finish()


if __name__ == "__main__":
    main()
