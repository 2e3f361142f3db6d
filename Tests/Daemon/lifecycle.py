"""From start to end: how fast it is ready, what it takes while idle, how it stops, and systemd."""

import glob
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import time

from harness import (
    COMMAND,
    ROOT,
    Daemon,
    DaemonLeft,
    UnixConnection,
    running,
    temporary_folder,
)
from report import Report

LONG = {"prompt": "熊猫", "seed": 7, "steps": 150, "count": 2}


def hashes(daemon: Daemon, job: dict) -> list[str]:
    return [hashlib.sha256(png).hexdigest() for png in daemon.pictures(job)]


def wait_for_step(daemon: Daemon, identifier: str, step: int = 5) -> None:
    until = time.monotonic() + 20
    while ((daemon.job(identifier)["progress"] or {}).get("step") or 0) < step:
        if time.monotonic() > until:
            raise DaemonLeft(f"no step {step}: {daemon.job(identifier)}")
        time.sleep(0.01)


def test_start(report: Report) -> None:
    def measure() -> float:
        seconds = []
        for _ in range(5):
            with temporary_folder() as folder:
                daemon = Daemon(folder)
                seconds.append(daemon.start())
                daemon.kill()
        return min(seconds)

    report.timing("from start to an answer, the best of 5", 0.2, "s", measure)


def test_idle(report: Report) -> None:
    def processor(daemon: Daemon) -> float:
        before = daemon.processor_seconds()
        time.sleep(5)
        return (daemon.processor_seconds() - before) / 5 * 100

    with running("--keep-alive", "1") as daemon:
        time.sleep(1)
        fresh = daemon.memory("Anonymous") / 2**20
        report.check("anonymous memory, fresh", "< 30 MiB", f"{fresh:.1f} MiB", fresh < 30)
        report.timing("processor while idle, over 5 s", 0.3, "%", lambda: processor(daemon))
        daemon.wait(daemon.submit(prompt="熊猫", seed=7, upscale=True)["id"])
        time.sleep(3)
        after = daemon.memory("Anonymous") / 2**20
        report.check(
            "anonymous memory, idle after a picture", "< 30 MiB", f"{after:.1f} MiB", after < 30
        )
        report.timing("processor while idle after a picture", 0.3, "%", lambda: processor(daemon))


def test_stop(report: Report) -> None:
    with running() as daemon:
        expected = hashes(daemon, daemon.wait(daemon.submit(**LONG)["id"]))
    with running() as daemon:
        identifier = daemon.submit(**LONG)["id"]
        wait_for_step(daemon, identifier)
        # Somebody follows it, and somebody else waits for an answer that would take long.
        follower = UnixConnection(daemon.socket)
        follower.request("GET", f"/v1/jobs/{identifier}/events")
        waiting = UnixConnection(daemon.socket)
        body = json.dumps({"prompt": "苹果"})
        kind = {"Content-Type": "application/json"}
        waiting.request("POST", "/v1/images/generations", body, kind)
        time.sleep(0.1)
        status, seconds = daemon.stop(signal.SIGTERM)
        report.check(
            "SIGTERM while drawing",
            "0 within 2 s",
            f"{status} in {seconds:.2f} s",
            status == 0 and seconds < 2,
        )
        report.check("its socket is gone", False, os.path.exists(daemon.socket))
        daemon.start()
        report.check(
            "the job goes on after a restart", expected, hashes(daemon, daemon.wait(identifier))
        )
    with running() as daemon:
        identifier = daemon.submit(**LONG | {"width": 256, "height": 256})["id"]
        wait_for_step(daemon, identifier, 1)
        daemon.process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        begin = time.monotonic()
        if daemon.alive:
            daemon.process.send_signal(signal.SIGINT)
        status = daemon.process.wait(10)
        seconds = time.monotonic() - begin
        report.check(
            "SIGINT twice, at large steps",
            "ends in < 0.3 s",
            f"{status} in {seconds:.2f} s",
            seconds < 0.3,
        )


def test_sockets(report: Report) -> None:
    with running() as daemon:
        mode = stat.S_IMODE(os.stat(daemon.socket).st_mode)
        report.check("mode of the socket", "nothing for others", oct(mode), mode & 0o007 == 0)
        with temporary_folder() as folder:
            second = Daemon(folder)
            second.socket = daemon.socket
            report.check("a live socket is not taken over", "ends, not by a signal", *ends(second))
            second = Daemon(folder)
            second.spool = daemon.spool
            report.check("a spool in use is not taken over", "ends, not by a signal", *ends(second))
        report.check("the first one is alive", 200, daemon.ask("GET", "/healthz").status)
        daemon.kill()
        report.check("a stale socket is there", True, os.path.exists(daemon.socket))
        report.check("and is taken over", "answers", f"{daemon.start():.2f} s", True)


def ends(daemon: Daemon) -> tuple[str, bool]:
    """Starts one that should end by itself: its status and last words, and whether it did."""
    daemon.launch()
    try:
        status = daemon.process.wait(5)
    except subprocess.TimeoutExpired:
        daemon.kill()
        return "went on", False
    last = daemon.log_tail(300).strip().splitlines()
    return f"{status}: {last[-1] if last else None}", status > 0


def test_activation(report: Report) -> None:
    if not shutil.which("systemd-socket-activate"):
        report.row("socket activation", "systemd-socket-activate", "not installed", "skip")
        return
    with temporary_folder() as folder:
        daemon = Daemon(folder)
        with open(daemon.log, "ab") as log:
            daemon.process = subprocess.Popen(
                [
                    "systemd-socket-activate",
                    "-E",
                    "INKSTONE_MODELS",
                    "-l",
                    daemon.socket,
                    COMMAND,
                    "serve",
                    "--spool",
                    daemon.spool,
                ],
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 5
        while not os.path.exists(daemon.socket) and time.monotonic() < until:
            time.sleep(0.01)
        try:
            job = daemon.wait(daemon.submit(prompt="熊猫", seed=7)["id"])
            report.check("socket activation: draws", "done", job["state"])
            status, _ = daemon.stop()
            report.check(
                "ends with 0 and leaves the socket to systemd",
                (0, True),
                (status, os.path.exists(daemon.socket)),
            )
        finally:
            if daemon.alive:
                daemon.kill()


def test_notifications(report: Report) -> None:
    with temporary_folder() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{folder}/notify")
        manager.settimeout(3)
        daemon = Daemon(folder)
        daemon.start(NOTIFY_SOCKET=f"{folder}/notify", WATCHDOG_USEC="1000000")
        daemon.wait(daemon.submit(prompt="熊猫", seed=7)["id"])
        time.sleep(1.2)
        daemon.stop()
        manager.setblocking(False)
        told = []
        try:
            while True:
                told += manager.recv(4096).decode().splitlines()
        except BlockingIOError:
            pass
        report.check("systemd is told that it is ready, once", 1, told.count("READY=1"))
        report.check(
            "the watchdog is fed",
            "twice or more in 1 s",
            told.count("WATCHDOG=1"),
            told.count("WATCHDOG=1") >= 2,
        )
        report.check(
            "a status that a person can read",
            "STATUS=…",
            next((line for line in told if line.startswith("STATUS=")), None),
            any(line.startswith("STATUS=") for line in told),
        )
        report.check("and stopping", True, "STOPPING=1" in told)


def test_units(report: Report) -> None:
    units = sorted(glob.glob(str(ROOT / "packaging/systemd/*")))
    report.check(
        "units",
        "a service and a socket",
        [os.path.basename(unit) for unit in units],
        len(units) >= 2,
    )
    if not units or not shutil.which("systemd-analyze"):
        return
    with temporary_folder() as folder:
        # As installed: the command has to be where the unit says.
        for unit in units:
            text = pathlib.Path(unit).read_text(encoding="utf-8")
            for path in ("/usr/local/bin/inkstone", "/usr/bin/inkstone"):
                text = text.replace(path, COMMAND)
            with open(f"{folder}/{os.path.basename(unit)}", "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", *sorted(glob.glob(f"{folder}/inkstone*"))],
            capture_output=True,
            text=True,
            check=False,
        )
        report.check(
            "systemd-analyze verify", (0, ""), (done.returncode, done.stderr.strip()[:300])
        )


def main() -> None:
    report = Report("life of the daemon")
    for test in (
        test_start,
        test_idle,
        test_stop,
        test_sockets,
        test_activation,
        test_notifications,
        test_units,
    ):
        try:
            test(report)
        except (DaemonLeft, OSError) as error:
            report.check(test.__name__, "runs to its end", repr(error), False)
    report.finish()


if __name__ == "__main__":
    main()
