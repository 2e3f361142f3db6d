"""Requests that are well framed and make no sense: wrong values, wrong bodies, wrong paths."""

import contextlib
import io
import re
import socket
import time

from PIL import Image

from harness import Answer, Daemon
from report import Report

REFUSED = range(400, 500)
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def talk(
    daemon: Daemon, *parts: bytes, pause: float = 0, patience: float = 5, end: bool = False
) -> list[int]:
    """Sends `parts` as they are; the statuses that came until the daemon closed or fell silent."""
    answer = b""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(patience)
        client.connect(daemon.socket)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            for part in parts:
                client.sendall(part)
                time.sleep(pause)
            if end:
                client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            while received := client.recv(65536):
                answer += received
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]


def test_fields(report: Report, daemon: Daemon) -> None:
    good = {"prompt": "熊猫", "steps": 1}
    wrong = {
        "integer": [
            -1,
            0,
            1.5,
            "1",
            "",
            [],
            {},
            True,
            2**31,
            2**63 - 1,
            2**63,
            -(2**63),
            2**64,
            10**400,
            -(10**400),
            1e308,
        ],
        "number": [-1, -0.1, 101, "1", [], {}, True, 1e308, -1e308],
        "text": [1, -1, 0.5, [], {}, True, "\x00"],
        "name": [1, -1, [], {}, True, "", "../x", "x" * 10_000, "\x00"],
        "flag": [0, 1, -1, "true", [], {}],
        "seed": [-2, 1.5, "1", [], {}, True, -(2**63), 10**400, 2**64],
        "image": [1, -1, [], {}, True, "", "not base64 !", "AAAA", "x" * 1000],
    }
    kinds = {
        "prompt": "text",
        "negative_prompt": "text",
        "task": "name",
        "model": "name",
        "sampler": "name",
        "upscaler": "name",
        "width": "integer",
        "height": "integer",
        "steps": "integer",
        "count": "integer",
        "guidance": "number",
        "seed": "seed",
        "upscale": "flag",
        "image": "image",
        "mask": "image",
        "strength": "number",
    }
    for field, kind in kinds.items():
        taken = []
        for value in wrong[kind]:
            extra = {"upscale": True} if field == "upscaler" else {}
            answer = daemon.ask("POST", "/v1/jobs", good | extra | {field: value})
            if not is_refusal_of(field, answer):
                taken.append((str(value)[:20], answer.status, answer.body[:100]))
        report.check(
            f"{field}: {len(wrong[kind])} wrong values",
            "each refused, naming it",
            taken or "so it is",
            not taken,
        )
    answer = daemon.ask("POST", "/v1/jobs", good | {"colour": 1})
    report.check(
        "a field that there is not",
        (400, "colour"),
        (answer.status, answer.json["error"].get("field")),
    )


def is_refusal_of(field: str, answer: Answer) -> bool:
    """Whether the answer refuses a request because of `field`.

    Numbers too large for JSON's reader have no field yet; a picture is too large by either side.
    """
    if answer.status not in (400, 404):
        return False
    named = answer.json["error"].get("field")
    sides = ("width", "height")
    return (
        named == field
        or (field in sides and named in sides)
        or (named is None and "number out of range" in sentence(answer))
        or (answer.status == 404 and named is None)
    )


def test_bodies(report: Report, daemon: Daemon) -> None:
    bodies = {
        "nothing": b"",
        "no object": b"[]",
        "a number": b"1",
        "cut off": b'{"prompt":"x"',
        "a tail": b'{"prompt":"x"} x',
        "NaN": b'{"prompt":"x","steps":NaN}',
        "a number of 1 MB": b'{"prompt":"x","steps":' + b"1" * 2**20 + b"}",
        "bad UTF-8": b'{"prompt":"\xff\xfe"}',
        "half a surrogate": b'{"prompt":"\\ud800"}',
        "100,000 brackets": b"[" * 100_000,
        "100,000 objects": b'{"a":' * 100_000,
        "twice the same key": b'{"prompt":"x","steps":1,"steps":2}',
        "XML": b"<job/>",
    }
    for name, body in bodies.items():
        answer = daemon.ask("POST", "/v1/jobs", body, {"Content-Type": "application/json"})
        good = answer.status in (400, 413)
        report.check(
            f"body: {name}", "400 in words", f"{answer.status} {sentence(answer)[:60]}", good
        )
    answer = daemon.ask("POST", "/v1/jobs", {"prompt": "x" * 2**20})
    report.check("a prompt of 1 MB", "400 or 413", answer.status, answer.status in (400, 413))


def test_forms(report: Report, daemon: Daemon) -> None:
    def part(name: str, value: bytes) -> bytes:
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        return head.encode() + value + b"\r\n"

    def png(mode: str, size: tuple[int, int]) -> bytes:
        file = io.BytesIO()
        Image.new(mode, size).save(file, "PNG")
        return file.getvalue()

    end = b"--b--\r\n"
    prompt = part("prompt", "苹果".encode())
    picture = part("image", png("RGB", (64, 64)))
    clear = png("RGBA", (64, 64))
    kind = "multipart/form-data; boundary=b"
    forms = {
        "nothing": (kind, b""),
        "no boundary": ("multipart/form-data", prompt + picture + end),
        "another boundary": ("multipart/form-data; boundary=c", prompt + picture + end),
        "no end": (kind, prompt + picture),
        "cut off in a picture": (kind, prompt + picture[:-40]),
        "no picture": (kind, prompt + end),
        "no prompt": (kind, picture + end),
        "two pictures": (kind, prompt + picture * 2 + end),
        "no PNG": (kind, prompt + part("image", b"GIF89a") + end),
        "400 million pixels": (kind, prompt + part("image", png("1", (20_000, 20_000))) + end),
        "a mask of them": (kind, prompt + picture + part("mask", png("1", (20_000, 20_000))) + end),
        "an opaque mask": (kind, prompt + picture + part("mask", png("RGB", (64, 64))) + end),
        "two masks": (kind, prompt + picture + part("mask", clear) * 2 + end),
        "bad UTF-8": (kind, picture + part("prompt", b"\xff\xfe") + end),
        "U+0000": (kind, picture + part("prompt", b"a\0") + end),
        "a number that is none": (kind, prompt + picture + part("n", b"1e999") + end),
        "a negative number": (kind, prompt + picture + part("strength", b"-1") + end),
        "a field that there is not": (kind, prompt + picture + part("colour", b"red") + end),
        "100,000 fields": (kind, prompt * 100_000 + end),
        "a head of 1 MB": (kind, b"--b\r\n" + b"x" * 2**20 + b"\r\n\r\n" + end),
        "1 MB of hyphens": (kind, b"-" * 2**20),
        "1 MB of line ends": (kind, b"--b" + b"\r\n" * 2**19),
        "JSON": ("application/json", b'{"prompt":"x"}'),
    }
    for name, (content_type, body) in forms.items():
        answer = daemon.ask("POST", "/v1/images/edits", body, {"Content-Type": content_type})
        good = answer.status == (415 if name == "JSON" else 400)
        report.check(
            f"form: {name}", "refused in words", f"{answer.status} {sentence(answer)[:60]}", good
        )


def sentence(answer: Answer) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return answer.json["error"]["message"]
    return ""


def test_paths(report: Report, daemon: Daemon) -> None:
    job = daemon.wait(daemon.submit(prompt="熊猫", steps=1)["id"])["id"]
    names = (
        "../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..",
        ".",
        "%00",
        f"{job}%00",
        f"{job}/../{job}",
        f"..%2fqueue%2f{job}",
        "%ff%fe",
        "x" * 5000,
        job.upper() + "G",
        "00000000-00000000",
        "*",
        "%s%n",
        "\\..\\..",
        "//etc/passwd",
        f"{job}%2f..%2f..%2flock",
    )
    rest = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for name in names:
        for path in (f"/v1/jobs/{name}", f"/v1/jobs/{name}/images/0", f"/v1/jobs/{name}/events"):
            seen = talk(
                daemon,
                b"GET " + path.encode() + rest,
            )
            if not seen or seen[0] not in REFUSED:
                report.check(path[:44], "4xx", seen, False)
    report.check(
        f"{len(names)} tricks with paths, three ways", "4xx each", "see above, if anything", True
    )
    for index in (
        "-1",
        "1",
        "99999999999999999999",
        "0.5",
        "0x0",
        "",
        "00",
        "%30x",
        "../request.json",
    ):
        seen = talk(
            daemon,
            f"GET /v1/jobs/{job}/images/{index}".encode() + rest,
        )
        report.check(
            f"picture number {index or 'none'}", "4xx", seen, bool(seen) and seen[0] in REFUSED
        )
    for query in (
        "limit=-1",
        "limit=0",
        "limit=x",
        "limit=1.5",
        f"limit={10**30}",
        "state=drawn",
        "after=../x",
        "after=%00",
    ):
        answer = daemon.ask("GET", f"/v1/jobs?{query}")
        report.check(f"?{query[:40]}", 400, answer.status)
    for value in (
        "bytes=-0",
        "bytes=5-2",
        "bytes=x",
        "bytes=0-0,-1",
        "bytes=" + ",".join(["0-"] * 1000),
        "lines=1-2",
        "bytes=99999999999999999999-",
    ):
        status = daemon.ask("GET", f"/v1/jobs/{job}/images/0", headers={"Range": value}).status
        report.check(
            f"Range: {value[:36]}", "200, 206, 400 or 416", status, status in (200, 206, 400, 416)
        )
