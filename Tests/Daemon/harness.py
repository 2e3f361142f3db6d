"""What all tests of the daemon share: one to start and stop, a client, a table of findings.

Each test starts its own `inkstone serve` in a temporary folder and draws with the embedded model.
INKSTONE names the command, otherwise the release build is taken.
"""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("INKSTONE", str(ROOT / ".build/release/inkstone"))
os.environ.setdefault("INKSTONE_MODELS", str(ROOT / "Models"))
OVER = ("done", "failed", "cancelled")


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, path: str, timeout: float = 30) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


class Daemon:
    """An `inkstone serve` with a spool and a socket in `folder`; others may follow there."""

    def __init__(self, folder: str, *options: str, environment: dict | None = None) -> None:
        self.folder = folder
        self.spool = f"{folder}/spool"
        self.socket = f"{folder}/run/inkstone.sock"
        self.log = f"{folder}/log"
        self.options = options
        self.environment = environment or {}
        self.process: subprocess.Popen | None = None

    @property
    def command(self) -> list[str]:
        return [COMMAND, "serve", "--socket", self.socket, "--spool", self.spool, *self.options]

    def launch(self, **changes: str) -> "Daemon":
        """Starts it and does not wait."""
        environment = os.environ | self.environment | changes
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self

    def start(self, timeout: float = 15, **changes: str) -> float:
        """Starts it and returns the seconds until it answered."""
        begin = time.monotonic()
        self.launch(**changes)
        while time.monotonic() - begin < timeout:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/healthz", timeout=2).status == 200:
                    return time.monotonic() - begin
            if self.process.poll() is not None:
                raise DaemonLeft(f"serve ended with {self.process.returncode}:\n{self.log_tail()}")
            time.sleep(0.005)
        raise DaemonLeft(f"serve did not answer within {timeout} s:\n{self.log_tail()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM, timeout: float = 10) -> tuple[int, float]:
        """Sends a signal; the exit status, negative for a signal, and the seconds it took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise DaemonLeft(f"serve went on for {timeout} s after signal {number}") from None
        return status, time.monotonic() - begin

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log_tail(self, size: int = 2000) -> str:
        with open(self.log, "rb") as file:
            return file.read()[-size:].decode(errors="replace")

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict | None = None,
        timeout: float = 30,
    ) -> Answer:
        """One request on a connection of its own; a `body` that is no bytes goes as JSON."""
        connection = UnixConnection(self.socket, timeout)
        try:
            headers = dict(headers or {})
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def submit(self, **request: object) -> dict:
        answer = self.ask("POST", "/v1/jobs", request)
        if answer.status != 202:
            raise DaemonLeft(f"POST /v1/jobs: {answer.status} {answer.body.decode()}")
        return answer.json

    def job(self, identifier: str) -> dict:
        return self.ask("GET", f"/v1/jobs/{identifier}").json

    def jobs(self) -> list[dict]:
        """All jobs, page by page."""
        found, after = [], ""
        while True:
            page = self.ask("GET", f"/v1/jobs?limit=100{after and '&after=' + after}").json
            found += page["jobs"]
            if not page["next"]:
                return found
            after = page["next"]

    def wait(self, identifier: str, timeout: float = 120) -> dict:
        """The job when it is over."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            job = self.job(identifier)
            if job["state"] in OVER:
                return job
            time.sleep(0.05)
        raise DaemonLeft(f"job {identifier} is not over after {timeout} s: {job}")

    def pictures(self, job: dict) -> list[bytes]:
        return [self.ask("GET", image["url"]).body for image in job["images"]]

    def memory(self, field: str) -> int:
        """A field of smaps_rollup, in bytes: Rss, Anonymous, …"""
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith(f"{field}:"):
                    return int(line.split()[1]) * 1024
        raise KeyError(field)

    def processor_seconds(self) -> float:
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class DaemonLeft(Exception):
    """The daemon did not do what the rest of a test needs."""


@contextlib.contextmanager
def temporary_folder():
    """A folder of its own for one daemon, short enough for a socket's path, gone afterwards."""
    folder = tempfile.mkdtemp(prefix="inkstone-")
    os.mkdir(f"{folder}/run", 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(*options: str, **keywords):
    """A daemon that answers, in a folder of its own; killed afterwards if it still runs."""
    with temporary_folder() as folder:
        daemon = Daemon(folder, *options, **keywords)
        try:
            daemon.start()
            yield daemon
        except BaseException:
            print(f"-- the end of its log:\n{daemon.log_tail()}", flush=True)
            raise
        finally:
            if daemon.alive:
                daemon.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
