"""Clients that mean harm or know no better: each is refused cleanly and the daemon lives on."""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time

from harness import Daemon, free_port, running
from hostile_requests import (
    GET,
    POST,
    REFUSED,
    talk,
    test_bodies,
    test_fields,
    test_forms,
    test_paths,
)
from report import Report


def test_framing(report: Report, daemon: Daemon) -> None:
    def refused(what: str, *parts: bytes, **keywords) -> None:
        seen = talk(daemon, *parts, patience=2, **keywords)
        report.check(what, "4xx or closed", seen, all(status in REFUSED for status in seen[:1]))

    refused(
        "a head of 1 MB", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 2**20 + b"\r\n\r\n"
    )
    refused(
        "100,000 header fields",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
    )
    refused("an address of 1 MB", b"GET /" + b"x" * 2**20 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    refused("no Host", b"GET /healthz HTTP/1.1\r\n\r\n")
    refused("a negative length", POST + b"Content-Length: -1\r\n\r\n{}")
    refused("a length that is no number", POST + b"Content-Length: x\r\n\r\n{}")
    refused("a length beyond 64 bits", POST + b"Content-Length: 99999999999999999999\r\n\r\n{}")
    refused("two lengths", POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")
    refused(
        "a length and chunks",
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    refused("a chunk of no size", POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
    refused("an unknown coding", POST + b"Transfer-Encoding: gzip\r\n\r\n{}")
    refused("a strange method", b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    refused("HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    refused("a TLS greeting", bytes.fromhex("16030100c8010000c40303") + bytes(200), end=True)
    refused("noise", os.urandom(4096), end=True)
    refused("NULs", bytes(4096), end=True)
    refused(
        "a field with a line break", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\x00c\r\n\r\n"
    )
    refused("half a head", b"GET /healthz HT", end=True)
    refused("half a body", POST + b"Content-Length: 100\r\n\r\n" + b'{"prompt"', end=True)
    refused(
        "a body that is announced at 10 GB",
        POST + b"Content-Length: 10737418240\r\n\r\n{",
        end=False,
    )
    refused(
        "a body without end",
        POST + b"Transfer-Encoding: chunked\r\n\r\n",
        *[b"100000\r\n" + b" " * 2**20 + b"\r\n"] * 200,
    )
    refused(
        "no type",
        POST.replace(b"Content-Type: application/json\r\n", b"")
        + b"Content-Length: 14\r\n\r\n"
        + b'{"prompt":"x"}',
    )
    many = talk(daemon, GET * 500, patience=3)
    report.check(
        "500 requests in one piece",
        "answered in turn",
        f"{len(many)} × {set(many)}",
        len(many) == 500 and set(many) == {200},
    )
    mixed = talk(
        daemon, GET, POST + b"Content-Length: 2\r\n\r\n{}", GET, b"rubbish\r\n\r\n", patience=2
    )
    report.check(
        "good, bad, good, rubbish",
        [200, 400, 200, 400],
        mixed,
        mixed in ([200, 400, 200, 400], [200, 400, 200]),
    )


def test_slow(report: Report, daemon: Daemon) -> None:
    """All at once, since each takes its time."""
    sluggards = {
        "nothing at all": (b"", None, 10),
        "a head without end": (b"GET / HTTP/1.1\r\n", b"X: y\r\n", 10),
        "half a head": (b"GET / HT", None, 10),
        "a body without end": (POST + b"Content-Length: 100000\r\n\r\n", b" ", 30),
        "half a body": (POST + b"Content-Length: 100\r\n\r\n{", None, 30),
    }
    begin = time.monotonic()
    clients = {}
    for name, (first, _, _) in sluggards.items():
        client = socket.socket(socket.AF_UNIX)
        client.connect(daemon.socket)
        client.sendall(first)
        client.setblocking(False)
        clients[name] = client
    closed: dict[str, float] = {}
    while len(closed) < len(clients) and time.monotonic() - begin < 45:
        for name, client in clients.items():
            if name in closed:
                continue
            try:
                if sluggards[name][1]:
                    client.send(sluggards[name][1])
                if client.recv(65536) == b"":
                    closed[name] = time.monotonic() - begin
            except BlockingIOError:
                pass
            except OSError:
                closed[name] = time.monotonic() - begin
        time.sleep(0.5)
    for name, (_, _, limit) in sluggards.items():
        seconds = closed.get(name)
        report.check(
            f"slow: {name}",
            f"cut after {limit} s or so",
            f"{seconds:.0f} s" if seconds else "never",
            seconds is not None and seconds < limit + 5,
        )
        clients[name].close()


def test_crowd(report: Report, daemon: Daemon) -> None:
    crowd = []
    for _ in range(600):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        with contextlib.suppress(OSError):
            client.connect(daemon.socket)
        crowd.append(client)
    begin, status = time.monotonic(), None
    while status is None and time.monotonic() - begin < 40:
        # A full backlog makes connecting fail at once: a client tries again.
        with contextlib.suppress(OSError):
            status = daemon.ask("GET", "/healthz", timeout=20).status
        time.sleep(0.2)
    seconds = time.monotonic() - begin
    report.check(
        "600 idle connections: another is answered",
        "200 in < 30 s",
        f"{status} in {seconds:.1f} s",
        status == 200 and seconds < 30,
    )
    for client in crowd:
        client.close()


ASK_AS_ANOTHER = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
try:
    client.connect(sys.argv[1])
    client.settimeout(5)
    client.sendall(b"GET /v1/jobs HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    print(client.recv(15).decode()[9:12] or "closed")
except OSError as error:
    print(type(error).__name__)
"""


def test_other_user(report: Report, daemon: Daemon) -> None:
    if os.geteuid() != 0:
        report.row("another user", "refused", "needs root to become somebody else", "skip")
        return

    def ask() -> str:
        done = subprocess.run(
            ["/usr/bin/env", "python3", "-I", "-S", "-c", ASK_AS_ANOTHER, daemon.socket],
            check=False,
            user="nobody",
            group="nogroup",
            extra_groups=[],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin"},
        )
        return (done.stdout or done.stderr).strip()

    os.chmod(daemon.folder, 0o755)
    report.check("another user, as it stands", "PermissionError", ask())
    os.chmod(os.path.dirname(daemon.socket), 0o755)
    os.chmod(daemon.socket, 0o666)
    seen = ask()
    report.check(
        "another user, with the doors open",
        "403 or closed",
        seen,
        seen in ("403", "closed", "ConnectionResetError", "BrokenPipeError"),
    )


def test_schema(report: Report) -> None:
    """With a daemon whose jobs are small, since each of thousands of requests may be one."""
    port = free_port()
    bounds = ("--max-steps", "3", "--max-count", "2", "--max-pixels", "16384")
    bounds += ("--queue-length", "8")
    with running("--listen", f"127.0.0.1:{port}", *bounds) as daemon:
        look_at_schema(report, daemon, port)
        report.check("the daemon is alive", True, daemon.alive)


def look_at_schema(report: Report, daemon: Daemon, port: int) -> None:
    here = pathlib.Path(__file__).parent
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"),
        *("--config-file", str(here / "schemathesis.toml"), "run"),
        # DELETE takes a job back; it stays in the list as cancelled, with what was drawn of it.
        *("--checks", "all", "--exclude-checks", "use_after_free"),
        *("--max-examples", os.environ.get("EXAMPLES", "40"), "--seed", "7"),
        *("--request-timeout", "20", "--continue-on-failure", "--no-color"),
        f"http://127.0.0.1:{port}/openapi.json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=daemon.folder)
    if done.returncode:
        print(done.stdout.partition("FAILURES")[2] or done.stdout, done.stderr, flush=True)
    report.check("schemathesis, all checks", 0, done.returncode)
    summary = [line.strip() for line in done.stdout.splitlines() if "generated" in line]
    report.check("its cases", "> 500", summary, bool(summary))


def files_open(daemon: Daemon) -> int:
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def main() -> None:
    report = Report("hostile clients")
    chosen = sys.argv[1:]
    tests = (
        test_framing,
        test_fields,
        test_bodies,
        test_forms,
        test_paths,
        test_other_user,
        test_crowd,
        test_slow,
    )
    with running() as daemon:
        daemon.wait(daemon.submit(prompt="熊猫", steps=1)["id"])
        files = files_open(daemon)
        for test in tests:
            if chosen and test.__name__.removeprefix("test_") not in chosen:
                continue
            print(f"-- {test.__name__.removeprefix('test_')}", flush=True)
            test(report, daemon)
            if not report.check("the daemon is alive", True, daemon.alive):
                print(daemon.log_tail(), flush=True)
                break
        for job in daemon.jobs():
            if job["state"] in ("queued", "running"):
                daemon.ask("DELETE", f"/v1/jobs/{job['id']}")
        job = daemon.wait(daemon.submit(prompt="熊猫", seed=7)["id"])
        report.check("and draws", "done", job["state"])
        time.sleep(1)
        report.check(
            "files that stayed open",
            "< 8 more",
            files_open(daemon) - files,
            files_open(daemon) - files < 8,
        )
    if not chosen or "schema" in chosen:
        print("-- schema", flush=True)
        test_schema(report)
    report.finish()


if __name__ == "__main__":
    main()
