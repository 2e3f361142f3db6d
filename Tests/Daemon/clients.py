"""Programs that know nothing of Inkstone draw with it: curl, the openai package, webuiapi."""

import base64
import hashlib
import io
import json
import subprocess
import time
import urllib.parse

import httpx2
import openai
import requests
import requests_unixsocket
import webuiapi
from PIL import Image, ImageChops, ImageStat

from harness import COMMAND, Daemon, free_port, running
from report import Report

PROMPT = "熊猫，蓝色背景"
MODEL, SIDE = "emoji-zh-128", 128


def drawn_by_command(daemon: Daemon, *options: str) -> bytes:
    """The picture that `inkstone generate` draws of the prompt, as pixels."""
    path = f"{daemon.folder}/command.png"
    subprocess.run(
        [COMMAND, "generate", PROMPT, "--seed", "7", *options, "-q", "-o", path], check=True
    )
    return pixels(open(path, "rb").read())


def pixels(png: bytes) -> bytes:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return repr(image.size).encode() + image.tobytes()


def curl(daemon: Daemon, path: str, *options: str) -> tuple[int, bytes]:
    """The status and body of a request that curl makes."""
    marker = b"\nstatus "
    done = subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--max-time",
            "60",
            "--unix-socket",
            daemon.socket,
            *options,
            "--write-out",
            marker.decode() + "%{http_code}",
            f"http://localhost{path}",
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    body, _, status = done.stdout.rpartition(marker)
    return int(status), body


def curl_job(daemon: Daemon, **request: object) -> dict:
    """Submits and checks that the job is to be had where Location says."""
    status, body = curl(daemon, "/v1/jobs", "--include", "--json", json.dumps(request))
    head, _, body = body.partition(b"\r\n\r\n")
    location = [
        line.split(b": ", 1)[1]
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"location: ")
    ]
    job = json.loads(body)
    assert status == 202 and location == [f"/v1/jobs/{job['id']}".encode()], (status, head, body)
    return job


def events_of(stream: bytes) -> list[tuple[str, dict]]:
    """The events of a Server-Sent Events stream."""
    events = []
    for block in stream.decode().split("\n\n"):
        fields = dict(
            line.split(": ", 1)
            for line in block.split("\n")
            if ": " in line and not line.startswith(":")
        )
        if "event" in fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events


def test_curl(report: Report, daemon: Daemon) -> None:
    job = curl_job(daemon, prompt=PROMPT, seed=7)
    status, stream = curl(daemon, f"/v1/jobs/{job['id']}/events", "--no-buffer")
    events = events_of(stream)
    steps = [
        job["progress"]["step"]
        for kind, job in events
        if kind == "job" and (job["progress"] or {}).get("stage") == "denoise"
    ]
    previews = [data for kind, data in events if kind == "preview"]
    report.check("curl: events begin with the job", "job", events[0][0] if events else None)
    report.check(
        "curl: steps rise",
        "> 3, rising",
        f"{len(steps)}: {steps[:3]}…{steps[-1:]}",
        len(steps) > 3 and steps == sorted(steps),
    )
    report.check(
        "curl: previews",
        "> 0, numbers rise",
        len(previews),
        previews and [p["number"] for p in previews] == sorted({p["number"] for p in previews}),
    )
    report.check("curl: the last event", ("end", "done"), (events[-1][0], events[-1][1]["state"]))

    image = events[-1][1]["images"][0]
    status, png = curl(daemon, image["url"])
    report.check(
        "curl: the picture",
        (200, image["sha256"][:8]),
        (status, hashlib.sha256(png).hexdigest()[:8]),
    )
    report.check(
        "curl: same pixels as inkstone generate", True, pixels(png) == drawn_by_command(daemon)
    )
    status, part = curl(daemon, image["url"], "--range", "100-199")
    report.check("curl: a range", (206, True), (status, part == png[100:200]))
    status, part = curl(daemon, image["url"], "--range", "-50")
    report.check("curl: a range from the end", (206, True), (status, part == png[-50:]))
    status, _ = curl(daemon, image["url"], "--range", f"{len(png)}-")
    report.check("curl: a range beyond the end", 416, status)
    tag = f'"{image["sha256"]}"'
    report.check(
        "curl: unchanged", (304, b""), curl(daemon, image["url"], "-H", f"If-None-Match: {tag}")
    )
    status, head = curl(daemon, image["url"], "--head")
    report.check(
        "curl: HEAD tells tag and size",
        (200, True, True),
        (
            status,
            f"etag: {tag}" in head.decode().lower(),
            f"content-length: {len(png)}" in head.decode().lower(),
        ),
    )
    test_curl_cancel(report, daemon)
    test_curl_enlarge(report, daemon, png)


def test_curl_cancel(report: Report, daemon: Daemon) -> None:
    running_job = curl_job(daemon, prompt="苹果", steps=150, count=8)
    waiting = curl_job(daemon, prompt="火箭", steps=150)
    while daemon.job(running_job["id"])["progress"] is None:
        time.sleep(0.01)
    status, body = curl(daemon, f"/v1/jobs/{waiting['id']}", "--request", "DELETE")
    report.check(
        "curl: cancel a waiting job", (200, "cancelled"), (status, json.loads(body)["state"])
    )
    begin = time.monotonic()
    status, _ = curl(daemon, f"/v1/jobs/{running_job['id']}", "--request", "DELETE")
    job = daemon.wait(running_job["id"], 10)
    seconds = time.monotonic() - begin
    report.check(
        "curl: cancel the running job",
        "200 cancelled in < 1 s",
        f"{status} {job['state']} in {seconds:.2f} s",
        status == 200 and job["state"] == "cancelled" and seconds < 1,
    )


def test_curl_enlarge(report: Report, daemon: Daemon, png: bytes) -> None:
    job = daemon.submit(task="enlarge", image=base64.b64encode(png).decode())
    job = daemon.wait(job["id"])
    image = (job["images"] or [{}])[0]
    report.check(
        "curl: enlarge a picture",
        ("done", 4 * SIDE, 4 * SIDE),
        (job["state"], image.get("width"), image.get("height")),
    )


def edited(client: openai.OpenAI, png: bytes) -> tuple[str, bool]:
    """Paints the right half of a picture anew, and tells how much changed on either side."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    mask = Image.new("RGBA", picture.size, "black")
    mask.paste((0, 0, 0, 0), (SIDE // 2, 0, SIDE, SIDE))
    file = io.BytesIO()
    mask.save(file, "PNG")
    answer = client.images.edit(
        image=("picture.png", png),
        mask=("mask.png", file.getvalue()),
        prompt="苹果，粉色背景",
        response_format="b64_json",
        extra_body={"seed": 7, "steps": 10},
    )
    result = Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json))).convert("RGB")
    difference = ImageChops.difference(picture, result)
    # The decoder's norms see the whole picture: what is kept changes its colours a little.
    left, right = (
        sum(ImageStat.Stat(difference.crop(box)).mean) / 3
        for box in [(0, 0, SIDE // 4, SIDE), (SIDE * 3 // 4, 0, SIDE, SIDE)]
    )
    return f"kept: {left:.1f} grey levels off, painted: {right:.1f}", left < right / 2


def test_openai(report: Report, daemon: Daemon) -> None:
    transport = httpx2.HTTPTransport(uds=daemon.socket)
    client = openai.OpenAI(
        base_url="http://localhost/v1",
        api_key="unused",
        max_retries=0,
        http_client=httpx2.Client(transport=transport),
    )
    models = [model.id for model in client.models.list()]
    report.check("openai: models.list", f"{MODEL} among them", models, MODEL in models)
    drawn = client.images.generate(
        model=MODEL,
        prompt=PROMPT,
        size=f"{SIDE}x{SIDE}",
        response_format="b64_json",
        extra_body={"seed": 7},
    )
    png = base64.b64decode(drawn.data[0].b64_json)
    report.check(
        "openai: same pixels as inkstone generate", True, pixels(png) == drawn_by_command(daemon)
    )
    two = client.images.generate(
        prompt=PROMPT, n=2, size="auto", response_format="url", extra_body={"steps": 5}
    )
    sizes = [
        Image.open(io.BytesIO(daemon.ask("GET", urllib.parse.urlparse(item.url).path).body)).size
        for item in two.data
    ]
    report.check("openai: two pictures by URL", [(SIDE, SIDE), (SIDE, SIDE)], sizes)
    report.check("openai: edit under a mask", "the mask decides", *edited(client, png))
    try:
        client.images.generate(prompt=PROMPT, size="7x7")
        seen = "drawn"
    except openai.BadRequestError as error:
        seen = f"400 {error.body and error.body.get('message')}"
    report.check(
        "openai: a size that cannot be", "400 with a sentence", seen, seen.startswith("400 ")
    )
    try:
        client.images.generate(prompt=PROMPT, model="dall-e-9")
        seen = "drawn"
    except openai.NotFoundError as error:
        seen = f"404 {error.body and error.body.get('message')}"
    report.check(
        "openai: a model that is not there", "404 with a sentence", seen, seen.startswith("404 ")
    )


def refusal_of_mask(api: webuiapi.WebUIApi, picture: Image, mask: Image, inverted: int) -> str:
    try:
        api.img2img(
            images=[picture],
            mask_image=mask,
            inpainting_mask_invert=inverted,
            prompt="苹果",
            steps=5,
            width=SIDE,
            height=SIDE,
        )
    except RuntimeError as error:
        return str(error)
    return "drawn"


def test_webuiapi(report: Report, daemon: Daemon, port: int) -> None:
    by_socket = webuiapi.WebUIApi(
        baseurl=f"http+unix://{urllib.parse.quote(daemon.socket, safe='')}/sdapi/v1"
    )
    by_socket.session.mount("http+unix://", requests_unixsocket.UnixAdapter())
    for name, api in ("by TCP", webuiapi.WebUIApi(port=port)), ("by socket", by_socket):
        result = api.txt2img(
            prompt=PROMPT, seed=7, steps=25, cfg_scale=4, width=SIDE, height=SIDE, sampler_name="DDIM"
        )
        buffer = io.BytesIO()
        result.image.save(buffer, "PNG")
        report.check(
            f"webuiapi {name}: txt2img",
            "inkstone generate's pixels",
            result.image.size,
            pixels(buffer.getvalue()) == drawn_by_command(daemon),
        )
    result = api.txt2img(prompt="苹果", steps=5, width=SIDE, height=SIDE, batch_size=2)
    report.check("webuiapi: its defaults, a batch", 2, len(result.images))
    info = api.png_info(result.image).info
    report.check("webuiapi: png_info", "names steps", str(info)[:60], "Steps: 5" in str(info))
    larger = api.extra_single_image(
        result.image, upscaling_resize=4, upscaler_1="realesr-animevideov3-x4"
    )
    report.check("webuiapi: extra_single_image", (4 * SIDE, 4 * SIDE), larger.image.size)
    again = api.img2img(
        images=[result.image],
        prompt="苹果",
        steps=5,
        cfg_scale=4,
        width=SIDE,
        height=SIDE,
        denoising_strength=0.5,
    )
    report.check("webuiapi: img2img", (SIDE, SIDE), again.image.size)
    masks = [Image.new("L", (SIDE, SIDE), color) for color in ("black", "white")]
    refused = [refusal_of_mask(api, result.image, masks[0], 0)]
    refused.append(refusal_of_mask(api, result.image, masks[1], 1))
    refused.append(refusal_of_mask(api, result.image, masks[1], 0))
    report.check(
        "webuiapi: a mask, inverted too, is heeded",
        "refused, refused, drawn",
        refused,
        all("black all over" in text for text in refused[:2]) and refused[2] == "drawn",
    )
    samplers = api.util_get_sampler_names()
    report.check("webuiapi: samplers", "DDIM among them", len(samplers), "DDIM" in samplers)
    models = api.util_get_model_names()
    report.check(
        "webuiapi: sd-models", MODEL, models, any(MODEL in model for model in models)
    )
    report.check(
        "webuiapi: options",
        MODEL,
        api.util_get_current_model(),
        MODEL in api.util_get_current_model(),
    )
    api.util_set_model(MODEL)
    report.check(
        "webuiapi: upscalers",
        "realesr-animevideov3-x4 among them",
        len(api.get_upscalers()),
        any(u["name"] == "realesr-animevideov3-x4" for u in api.get_upscalers()),
    )
    progress = api.get_progress()
    report.check("webuiapi: progress when idle", 0.0, progress["progress"])
    job = daemon.submit(prompt="火箭", steps=150, count=4)
    while not (daemon.job(job["id"])["progress"] or {}).get("step"):
        time.sleep(0.02)
    report.check(
        "webuiapi: progress while drawing",
        "> 0",
        api.get_progress()["progress"],
        api.get_progress()["progress"] > 0,
    )
    api.interrupt()
    report.check("webuiapi: interrupt", "cancelled", daemon.wait(job["id"], 10)["state"])


def test_tcp_manners(report: Report, daemon: Daemon, port: int) -> None:
    address = f"http://127.0.0.1:{port}/healthz"
    status = requests.get(address, headers={"Host": "evil.example"}, timeout=10).status_code
    report.check("TCP: a foreign Host header", "400, 403 or 421", status, status in (400, 403, 421))
    headers = requests.get(address, headers={"Origin": "http://evil.example"}, timeout=10).headers
    report.check("TCP: no CORS", None, headers.get("Access-Control-Allow-Origin"))
    status = requests.post(
        f"http://127.0.0.1:{port}/v1/jobs",
        data='{"prompt":"x"}',
        timeout=10,
        headers={"Content-Type": "text/plain"},
    ).status_code
    report.check("TCP: a form of another page", 415, status)


def main() -> None:
    report = Report("clients")
    port = free_port()
    with running("--listen", f"127.0.0.1:{port}") as daemon:
        test_curl(report, daemon)
        test_openai(report, daemon)
        test_webuiapi(report, daemon, port)
        test_tcp_manners(report, daemon, port)
        report.check("the daemon is alive", True, daemon.alive)
    report.finish()


if __name__ == "__main__":
    main()
