"""Many clients at once while a picture is drawn, and ten thousand requests.

Each of 64 clients submits a job and asks for it twice a second, as a person's program would. The
daemon draws with one thread, so that the clients, who would not run in the daemon's process, have
a processor of their own: what is measured is what serving them costs the drawing.
"""

import asyncio
import json
import re
import statistics
import sys
import time

from harness import Daemon, running
from report import Report

CLIENTS = 64
POLLS_PER_SECOND = 2
# One picture takes a tenth longer than the next where other machines share the processor: the fastest
# of many, drawn in turns, are compared.
TURNS = 8
PICTURE = {"prompt": "熊猫", "seed": 7, "width": 128, "height": 128, "steps": 30}


async def exchange(
    reader, writer, method: str, path: str, body: dict | None = None
) -> tuple[int, bytes]:
    """One request on a connection that stays open."""
    data = json.dumps(body).encode() if body is not None else b""
    kind = "Content-Type: application/json\r\n" if body is not None else ""
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{kind}"
        f"Content-Length: {len(data)}\r\n\r\n".encode()
        + data
    )
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    answer = await reader.readexactly(int(length[1])) if length else b""
    return int(head.split(b" ", 2)[1]), answer


async def client(
    daemon: Daemon, number: int, seconds: float, latencies: list[float], odd: list
) -> None:
    """Submits a job, asks for it until the time is over, cancels it."""
    await asyncio.sleep(number / CLIENTS / POLLS_PER_SECOND)
    reader, writer = await asyncio.open_unix_connection(daemon.socket)
    status, body = await exchange(
        reader, writer, "POST", "/v1/jobs", {"prompt": "苹果", "seed": number}
    )
    if status != 202:
        odd.append((status, body))
        return
    path = f"/v1/jobs/{json.loads(body)['id']}"
    until = time.monotonic() + seconds
    while (begin := time.monotonic()) < until:
        status, body = await exchange(reader, writer, "GET", path)
        latencies.append(time.monotonic() - begin)
        if status != 200:
            odd.append((status, body))
        await asyncio.sleep(max(0, 1 / POLLS_PER_SECOND - (time.monotonic() - begin)))
    await exchange(reader, writer, "DELETE", path)
    writer.close()


def draw(daemon: Daemon) -> float:
    """Draws the picture and returns what the daemon counted for it, in seconds."""
    before = drawing_seconds(daemon)
    identifier = daemon.submit(**PICTURE)["id"]
    while daemon.job(identifier)["state"] in ("queued", "running"):
        time.sleep(0.25)
    return drawing_seconds(daemon) - before


def drawing_seconds(daemon: Daemon) -> float:
    text = daemon.ask("GET", "/metrics").body.decode()
    return float(re.search(r"^inkstone_drawing_seconds_total (\S+)", text, re.MULTILINE)[1])


async def draw_under_load(daemon: Daemon, seconds: float) -> tuple[float, list[float], list]:
    latencies, odd = [], []
    drawing = asyncio.get_running_loop().run_in_executor(None, draw, daemon)
    await asyncio.sleep(0.1)
    clients = [client(daemon, number, seconds, latencies, odd) for number in range(CLIENTS)]
    results = await asyncio.gather(drawing, *clients)
    return results[0], latencies, odd


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def test_load(report: Report) -> None:
    def measure() -> float:
        nonlocal latencies, odd
        alone, loaded = [], []
        with running("--threads", "1") as daemon:
            draw(daemon)
            for _ in range(TURNS):
                alone.append(draw(daemon))
                # The clients leave before the picture is finished: theirs are not drawn.
                seconds, some, strange = asyncio.run(draw_under_load(daemon, alone[-1] * 0.9))
                loaded.append(seconds)
                latencies += some
                odd += strange
        print(
            f"     seconds a picture: alone {[f'{s:.2f}' for s in alone]}, "
            f"with clients {[f'{s:.2f}' for s in loaded]}",
            flush=True,
        )
        return (min(loaded) / min(alone) - 1) * 100

    latencies: list[float] = []
    odd: list = []
    report.timing(f"drawing slowed by {CLIENTS} clients", 3, "%", measure)
    report.check("answers other than 202 and 200", [], odd[:3])
    report.check(
        "requests that were timed", f"> {CLIENTS * 5}", len(latencies), len(latencies) > CLIENTS * 5
    )
    worst = percentile(latencies, 0.99) * 1000
    report.check(
        "GET /v1/jobs/ID: 99 of 100 within",
        "< 20 ms",
        f"{worst:.1f} ms (median {statistics.median(latencies) * 1000:.1f} ms)",
        worst < 20,
    )


async def many_requests(daemon: Daemon, count: int) -> dict[int, int]:
    """Requests of all kinds on eight connections; how often each status came."""
    finished = next(job["id"] for job in daemon.jobs() if job["state"] == "done")
    statuses: dict[int, int] = {}

    async def some(share: int) -> None:
        reader, writer = await asyncio.open_unix_connection(daemon.socket)
        kinds = [
            ("GET", f"/v1/jobs/{finished}"),
            ("GET", "/healthz"),
            ("GET", "/v1/models"),
            ("GET", f"/v1/jobs/{finished}/images/0"),
            ("GET", "/v1/jobs?limit=10"),
            ("GET", "/metrics"),
            ("POST", "/v1/jobs", {"prompt": "x", "steps": -1}),
            ("GET", "/v1/jobs/none"),
            ("GET", "/"),
            ("GET", "/openapi.json"),
        ]
        for number in range(share):
            status, _ = await exchange(reader, writer, *kinds[number % len(kinds)])
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    await asyncio.gather(*[some(count // 8) for _ in range(8)])
    return statuses


def test_memory(report: Report) -> None:
    with running() as daemon:
        daemon.wait(daemon.submit(prompt="熊猫", seed=7)["id"])
        asyncio.run(many_requests(daemon, 104))
        before = daemon.memory("Rss")
        begin = time.monotonic()
        statuses = asyncio.run(many_requests(daemon, 10_000))
        seconds = time.monotonic() - begin
        growth = (daemon.memory("Rss") - before) / 2**20
        report.check(
            "10,000 requests",
            "200, 400, 404 only",
            f"{statuses} in {seconds:.1f} s",
            set(statuses) == {200, 400, 404},
        )
        report.check("resident memory, after the first 100", "", f"{before / 2**20:.1f} MiB", True)
        report.check("and its growth since", "< 2 MiB", f"{growth:.2f} MiB", growth < 2)


def main() -> None:
    report = Report("load")
    if "--memory" not in sys.argv:
        test_load(report)
    test_memory(report)
    report.finish()


if __name__ == "__main__":
    main()
