"""Inkstone on a board in software: the socket unit, power cuts, full and read-only disks, a jumping
clock, memory that others take, two hundred jobs.

usage: test.py FOLDER COMMAND SYSROOT [SEED]

FOLDER: of Tests/Board/image. COMMAND, SYSROOT: the same program for ARM, which draws the expected
pictures here under qemu's user emulation. SEED: of the random moments.
"""

import concurrent.futures
import hashlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from board import Board
from report import Report
from service import CURL, Service, accept_command, read_answer

ROOT = pathlib.Path(__file__).resolve().parents[2]
QEMU = shutil.which("qemu-aarch64-static") or "qemu-aarch64"
CUTS, CUT_JOBS, MANY = 10, 12, 200
SPOOL = "/var/lib/inkstone"
DAEMON_BOUND = 150 * 2**20
"""Bytes that the idle or drawing daemon may hold with the demo model."""


class Expected:
    """Pictures drawn in peace, by this machine."""

    def __init__(self, command, sysroot):
        self.command, self.sysroot = command, sysroot

    def digest(self, request):
        with tempfile.TemporaryDirectory() as folder:
            picture = pathlib.Path(folder, "picture.png")
            subprocess.run(
                [
                    QEMU, "-cpu", "cortex-a72", "-L", self.sysroot,
                    "-E", f"INKSTONE_MODELS={ROOT}/Models", self.command, "generate",
                    request["prompt"], "--seed", str(request["seed"]),
                    "--steps", str(request["steps"]), "--quiet", "--output", picture,
                ],
                check=True,
            )  # fmt: skip
            return hashlib.sha256(picture.read_bytes()).hexdigest()

    def digests(self, requests):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(self.digest, requests))


def asked(seed, steps=4):
    prompts = ("熊猫，蓝色背景", "苹果", "火箭，黑色背景", "一个西瓜")
    return {"prompt": prompts[seed % len(prompts)], "seed": seed, "steps": steps}


def test_socket(board, report, expected):
    """The socket unit, the command, curl, and who may not."""
    request = asked(7)
    wanted = expected.digest(request)
    state = board.run("systemctl is-active inkstone.socket inkstone.service")[1].split()
    report.check("before the first request: socket, service", ["active", "inactive"], state)
    drawn = board.said(
        f"inkstone generate --daemon '{request['prompt']}'"
        f" --seed 7 --steps {request['steps']} -q -o /tmp/alice.png && sha256sum /tmp/alice.png",
        "alice",
    )
    report.check("inkstone generate --daemon", wanted[:16], drawn[:16])
    state = board.run("systemctl is-active inkstone.service")[1].strip()
    report.check("the request has started the service", "active", state)
    service = Service(board)
    status, job = service.accept(request)
    report.check("curl --unix-socket: accepted", 202, status)
    job = service.ended(job["id"])
    report.check("its picture", wanted[:16], service.digest(job["id"])[:16])
    status, output = board.run(f"{CURL} http://x/v1/jobs", "bob")
    report.check("curl by a user outside the group", "refused", output.strip(), status != 0)
    status, output = board.run(
        "inkstone generate --daemon 苹果 -o /tmp/bob.png", "bob"
    )
    report.check("inkstone by that user: exit status", 1, status)


def lose_power(board, chance, at_order):
    """Cuts the board off: a moment after an order was sent, or somewhere in the drawing."""
    time.sleep(chance.uniform(0, 0.6) if at_order else chance.uniform(0.5, 6))
    board.cut()


def test_power_cuts(board, report, expected, chance):
    """Ten cuts; every job that was answered 202 ends as if nothing had happened."""
    requests = [asked(100 + index, steps=12) for index in range(CUT_JOBS)]
    wanted = dict(zip((r["seed"] for r in requests), expected.digests(requests), strict=True))
    accepted, waiting = {}, list(requests)
    for cut in range(CUTS):
        service = Service(board)
        at_order = cut % 2 == 0 and waiting
        orders = []
        for request in [waiting.pop(0) for _ in range(min(2, len(waiting)))]:
            orders.append((request, board.order(accept_command(request), service.user)))
        if not at_order:
            for _, order in orders:
                order.wait(120)
        lose_power(board, chance, at_order)
        for request, order in orders:
            status, job = read_answer(order.output) if order.done.is_set() else (0, {})
            if status == 202:
                accepted[request["seed"]] = job["id"]
            elif status == 0:
                waiting.append(request)
        seconds = board.boot()
        how = "while jobs are given" if at_order else "while one is drawn"
        report.check(
            f"cut {cut + 1}, {how}: boots again", "within 300 s", f"{seconds:.0f} s", seconds < 300
        )
    service = Service(board)
    for request in waiting:
        accepted[request["seed"]] = service.accept(request)[1]["id"]
    same = 0
    for seed, identifier in accepted.items():
        job = service.ended(identifier, 600)
        pictures = [image["sha256"] for image in job["images"]]
        good = job["state"] == "done" and pictures == [wanted[seed]]
        if not good:
            report.check(f"job {identifier}", "done, the same picture", f"{job['state']}", False)
        same += good
    report.check("jobs answered 202 that end with the same bytes", len(accepted), same)
    report.check("stray files in the spool", "none", strays(board) or "none")
    broken = board.run("dmesg | grep -ci 'ext4-fs error'")[1].strip()
    report.check("errors of the file system", "0", broken)


def strays(board):
    """Files that are neither an ended job's nor the spool's own."""
    known = "request.json|state.json|image-[0-9]+\\.png|lock"
    found = board.said(f"find {SPOOL} -type f | grep -vE '/({known})$' || true")
    return found.strip().replace("\n", " ")


def test_disk(board, report, expected):
    """A full disk, a read-only disk: told, and nothing that was accepted is lost."""
    service = Service(board)
    request = asked(31, steps=12)
    wanted = expected.digest(request)
    job = service.accept(request)[1]
    board.run("fallocate -l 4G /filling; dd if=/dev/zero of=/filling2 bs=4096 2>/dev/null")
    status, answer = service.accept(asked(32))
    report.check("disk full: a job is answered", 507, status)
    message = answer["error"]["message"]
    report.check("disk full: the message", "No space left", message, "No space left" in message)
    board.run("rm -f /filling /filling2")
    ended = service.ended(job["id"])
    pictures = [image["sha256"][:16] for image in ended["images"]] or ended["error"]
    report.check("the job accepted before it", [wanted[:16]], pictures)
    report.check("room again: a job is answered", 202, service.accept(asked(33))[0])
    job = service.accept(asked(34))[1]
    board.run("sync; echo u > /proc/sysrq-trigger; sleep 2")
    report.check("disk read-only: a job is answered", 507, service.accept(asked(35))[0])
    state = board.run("systemctl is-active inkstone.service")[1].strip()
    report.check("disk read-only: the service", "active", state)
    board.run("mount -o remount,rw /")
    state = service.ended(job["id"])["state"]
    report.check("writable again: the job before it", "done", state)
    report.check("writable again: a job is answered", 202, service.accept(asked(36))[0])


def test_clock(board, report, expected):
    """Years forward and back, while a job is drawn."""
    service = Service(board)
    request = asked(41, steps=12)
    wanted = expected.digest(request)
    for jump in ("+9 years", "-20 years", "+11 years"):
        job = service.accept(request)[1]
        board.said(f"date -s '{jump}'")
        ended = service.ended(job["id"])
        pictures = [image["sha256"][:16] for image in ended["images"]]
        report.check(f"the clock jumps {jump}", [wanted[:16]], pictures)
    state = board.run("systemctl is-active inkstone.service")[1].strip()
    report.check("the service", "active", state)


LEFT = 40
"""Megabytes that the other process leaves."""

FILLER = """
import time
def left():
    with open("/proc/meminfo") as lines:
        return {line.split(":")[0]: int(line.split()[1]) for line in lines}["MemAvailable"]
held = []
while left() > LEFT * 1024:
    held.append(b"x" * 2**20)
open("/tmp/full", "w").close()
time.sleep(600)
"""


def test_memory(board, report, expected):
    """Another process takes what is left; nobody is killed for it."""
    service = Service(board)
    request = asked(51)
    wanted = expected.digest(request)
    board.said("systemctl stop inkstone.service")
    board.said(f"cat > /tmp/fill.py <<'E'\nLEFT = {LEFT}\n{FILLER}E\n")
    board.said(
        "rm -f /tmp/full; systemd-run --unit filler python3 /tmp/fill.py"
        " && until test -e /tmp/full; do sleep 1; done"
    )
    left = board.said("grep MemAvailable /proc/meminfo").split()[1]
    status, job = service.accept(request)
    if status == 202:
        ended = service.ended(job["id"], 600)
        seen = [image["sha256"][:16] for image in ended["images"]] or ended["error"]
        clear = seen == [wanted[:16]] or "memory" in str(seen)
    else:
        seen, clear = f"{status} {job}", status in (503, 507)
    report.check(f"a picture in {int(left) // 1024} MB", "drawn or refused", seen, clear)
    killed = board.run("dmesg | grep -ci 'out of memory'")[1].strip()
    report.check("processes killed by the kernel", "0", killed)
    board.run("systemctl stop filler")
    job = service.ended(service.accept(request)[1]["id"])
    pictures = [image["sha256"][:16] for image in job["images"]]
    report.check("memory again: a picture", [wanted[:16]], pictures)


def test_many(board, report):
    """Two hundred jobs: what the daemon holds, and what the spool."""
    service = Service(board)
    batch = 50
    peak = 0
    for first in range(0, MANY, batch):
        given = [service.accept(asked(1000 + first + n, steps=1)) for n in range(batch)]
        for status, job in given:
            if status != 202:
                report.check("a job is answered", 202, status)
                return
        service.ended(given[-1][1]["id"], 900)
        peak = max(peak, service.resident())
    report.check(
        f"memory of the daemon after {MANY} jobs", f"< {DAEMON_BOUND >> 20} MB",
        f"{peak >> 20} MB", 0 < peak < DAEMON_BOUND,
    )  # fmt: skip
    spool = int(board.said(f"du -sk {SPOOL}").split()[0])
    report.check("the spool", "< 1 GB", f"{spool / 1024:.1f} MB", spool < 2**20)


def main():
    folder, command, sysroot, *seed = sys.argv[1:]
    chance = random.Random(int(seed[0]) if seed else 1)
    expected = Expected(command, sysroot)
    board = Board(folder)
    report = Report("a board of 512 MB (Cortex-A72, two cores), Debian from systemd on")
    try:
        report.row("boots", "", f"{board.boot():.0f} s", "")
        test_socket(board, report, expected)
        test_power_cuts(board, report, expected, chance)
        test_disk(board, report, expected)
        test_clock(board, report, expected)
        test_memory(board, report, expected)
        test_many(board, report)
        board.shut_down()
    finally:
        board.cut()
    report.row("the console's log", "", board.console, "")
    report.finish()


if __name__ == "__main__":
    main()
