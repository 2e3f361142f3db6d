"""The page in Debian's Chromium, without a screen: somebody draws on it, mostly by keyboard.

usage: page.py [--pictures FOLDER]      also photographs it for the README
"""

import io
import json
import pathlib
import sys
import time

from PIL import Image, ImageOps
from selenium.webdriver.common.keys import Keys

from harness import Daemon, free_port, running, temporary_folder
from report import Report
from visitor import Visitor, visitor


def draws_by_keyboard(report: Report, visit: Visitor, daemon: Daemon) -> None:
    visit.wait(lambda: visit.focused == "prompt", 5)
    report.check("the prompt has the focus", "prompt", visit.focused)
    report.check(
        "empty: told beside the field",
        "Say in a few words",
        (visit.type(Keys.ENTER), visit.text("prompt-hint"))[1],
        "Say in a few words" in visit.text("prompt-hint"),
    )
    visit.type("熊猫")
    report.check(
        "Tab reaches the background",
        True,
        visit.run("return document.activeElement.id") == "prompt"
        and (visit.type(Keys.TAB), visit.run("return document.activeElement.name"))[1] == "style",
    )
    visit.type(Keys.ARROW_LEFT, Keys.ARROW_RIGHT, *[Keys.ARROW_RIGHT] * 7)
    report.check(
        "Tab reaches steps, seed and the button",
        True,
        visit.tab_to("steps")
        and (visit.type("40"), visit.tab_to("seed"))[1]
        and (visit.type("7"), visit.tab_to("draw"))[1],
    )
    visit.type(Keys.ENTER)
    report.check("it draws", "Done", visit.wait_for_headline("Done"))
    job = daemon.job(visit.shown)
    report.check(
        "as was asked",
        ("熊猫，蓝色背景", 40, 7),
        tuple(job["request"][key] for key in ("prompt", "steps", "seed")),
    )
    previews = visit.run("return [...window.seen].filter(s => s.startsWith('data:')).length")
    report.check("the preview sharpens", "> 2 previews", previews, previews > 2)
    report.check(
        "the picture is there",
        128,
        visit.run(
            "const p = document.getElementById('picture'); return p.complete && p.naturalWidth"
        ),
    )
    shifts = visit.run("return window.shifts")
    report.check("nothing jumps (layout shift)", "< 0.02", f"{shifts:.4f}", shifts < 0.02)


def goes_on_from_a_picture(report: Report, visit: Visitor, daemon: Daemon) -> None:
    first = daemon.job(visit.shown)
    href = visit.part("save").get_attribute("href")
    report.check(
        "save",
        (first["images"][0]["url"], "inkstone-7.png"),
        (href[href.index("/v1") :], visit.part("save").get_attribute("download")),
    )

    def press(identifier: str) -> dict:
        before = visit.shown
        report.check(f"Tab reaches {identifier}", True, visit.tab_to(identifier, 120))
        visit.type(Keys.ENTER)
        visit.wait(lambda: visit.shown != before and visit.text("headline") == "Done")
        return daemon.job(visit.shown)

    same = press("same")
    report.check(
        "same seed, same picture",
        first["images"][0]["sha256"],
        same["images"][0]["sha256"] if same["images"] else None,
    )
    other = press("again")
    report.check(
        "another seed, another picture",
        True,
        other["images"][0]["seed"] != 7 and other["request"]["steps"] == 40,
    )
    larger = press("enlarge-it")
    report.check(
        "enlarge",
        ("enlarge", 512),
        (larger["request"]["task"], larger["images"][0]["width"] if larger["images"] else None),
    )


def is_refused_in_words(report: Report, visit: Visitor) -> None:
    for field, value, hint in (
        ("steps", "1001", "steps-hint"),
        ("steps", "999", "steps-hint"),
        ("seed", "99999999999999999999", "seed-hint"),
        ("seed", "-1x", "seed-hint"),
    ):
        visit.draw("苹果", **{field: value})
        visit.wait(lambda hint=hint: "wrong" in visit.part(hint).get_attribute("class"), 5)
        report.check(
            f"{field} {value}: told beside it",
            (True, field, "true"),
            (
                "wrong" in visit.part(hint).get_attribute("class"),
                visit.focused,
                visit.part(field).get_attribute("aria-invalid"),
            ),
        )
        visit.part(field).clear()
    visit.run(
        "document.getElementById('size').value = 'other';"
        "document.getElementById('size').dispatchEvent(new Event('change'))"
    )
    visit.draw("苹果", width="63", height="64")
    visit.wait(lambda: "wrong" in visit.part("size-hint").get_attribute("class"), 5)
    report.check(
        "width 63: told beside it",
        "width …",
        visit.text("size-hint"),
        "wrong" in visit.part("size-hint").get_attribute("class"),
    )
    visit.run(
        "document.getElementById('size').selectedIndex = 0;"
        "document.getElementById('size').dispatchEvent(new Event('change'))"
    )


def survives(report: Report, visit: Visitor, daemon: Daemon) -> None:
    visit.draw("火箭", steps="150", seed="8")
    visit.wait(lambda: "step" in visit.text("headline"))
    job = visit.shown
    visit.browser.refresh()
    visit.wait(lambda: "step" in visit.text("headline"))
    report.check(
        "a reload picks the job up again",
        (job, True),
        (visit.shown, "step" in visit.text("headline")),
    )
    daemon.kill()
    report.check(
        "the daemon is away: said calmly",
        True,
        visit.wait(lambda: visit.part("away").is_displayed(), 10),
    )
    daemon.start()
    report.check(
        "it is back: the banner goes",
        True,
        visit.wait(lambda: not visit.part("away").is_displayed(), 10),
    )
    report.check(
        "the job goes on and ends",
        ("Done", job),
        (visit.wait_for_headline("Done", 60), visit.shown),
    )
    visit.browser.refresh()
    count = visit.wait(
        lambda: visit.run("return document.querySelectorAll('#tiles img').length") >= 5, 10
    )
    report.check("the gallery is there after both", True, count)
    visit.complaints()  # a daemon that is away is an error to the browser


def cancels(report: Report, visit: Visitor, daemon: Daemon) -> None:
    before = visit.shown
    visit.draw("企鹅", steps="150", seed="9")
    visit.wait(lambda: visit.shown != before and "step" in visit.text("headline"))
    visit.tab_to("cancel", 120)
    visit.type(Keys.ENTER)
    report.check("cancel", "Cancelled", visit.wait_for_headline("Cancelled", 5))
    report.check("the focus stays nearby", "work", visit.focused)
    report.check("and the daemon agrees", "cancelled", daemon.job(visit.shown)["state"])


def shows_no_markup(report: Report, visit: Visitor, daemon: Daemon) -> None:
    prompt = '<img src=x onerror="window.bad=1"><script>window.bad=1</script>'
    job = daemon.submit(prompt=prompt, steps=1)
    daemon.wait(job["id"])
    visit.browser.get(f"{visit.address}#{job['id']}")
    visit.browser.refresh()
    visit.wait_for_headline("Done")
    report.check(
        "markup in a prompt is text",
        (prompt, None),
        (visit.text("caption"), visit.run("return window.bad ?? null")),
    )


def speaks_chinese(report: Report, visit: Visitor) -> None:
    report.check("English at first", "en", visit.run("return document.documentElement.lang"))
    visit.part("language").click()
    report.check(
        "Chinese on demand",
        ("zh-CN", "落笔"),
        (visit.run("return document.documentElement.lang"), visit.text("draw")),
    )
    visit.browser.refresh()
    visit.wait(lambda: visit.text("draw") == "落笔")
    report.check("remembered", "落笔", visit.text("draw"))
    visit.part("language").click()


def is_accessible(report: Report, visit: Visitor) -> None:
    visit.run("document.querySelector('details').open = true")
    tree = visit.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "textbox", "combobox", "radio", "spinbutton", "link", "image", "progressbar"}
    controls = [
        node
        for node in tree
        if not node.get("ignored") and node.get("role", {}).get("value") in roles
    ]
    nameless = [node["role"]["value"] for node in controls if not node.get("name", {}).get("value")]
    report.check("every control has a name", [], nameless)
    report.check("controls that were looked at", "> 25", len(controls), len(controls) > 25)


def is_gallery(report: Report, visit: Visitor, daemon: Daemon) -> None:
    for index in range(30):
        daemon.submit(prompt="星星", steps=1, seed=index)
    newest = daemon.submit(prompt="月亮", steps=1, seed=1)
    daemon.wait(newest["id"])
    visit.browser.refresh()
    visit.wait(lambda: visit.part("older").is_displayed())
    labels = "return [...document.querySelectorAll('#tiles button')].map(b => b.title)"
    report.check(
        "newest first, a page of them",
        (24, "月亮", "星星"),
        (len(visit.run(labels)), visit.run(labels)[0], visit.run(labels)[1]),
    )
    visit.part("older").send_keys(Keys.ENTER)
    visit.wait(lambda: len(visit.run(labels)) > 24)
    report.check(
        "older ones on demand", "> 30", len(visit.run(labels)), len(visit.run(labels)) > 30
    )


def fits(report: Report, visit: Visitor) -> None:
    for width in 320, 360, 768, 1180:
        visit.look(width, 800, False)
        wide = visit.run("return document.documentElement.scrollWidth")
        report.check(f"{width} pixels: no sideways scrolling", f"<= {width}", wide, wide <= width)
    visit.look(1180, 960, False)


def asks_nobody_else(report: Report, visit: Visitor) -> None:
    addresses = set()
    for entry in visit.browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.add(message["params"]["request"]["url"])
    foreign = [a for a in addresses if not a.startswith((visit.address, "data:", "blob:"))]
    report.check("requests to others", [], foreign)


def takes_a_token(report: Report) -> None:
    """Where the daemon wants a token, the page asks for it and shows pictures with it."""
    port, token = free_port(), "a-token-of-the-page-0123456789"
    with temporary_folder() as folder:
        path = pathlib.Path(folder, "token")
        path.touch(mode=0o600)
        path.write_text(token, encoding="ascii")
        options = "--listen", f"127.0.0.1:{port}", "--token-file", str(path)
        with running(*options), visitor(f"http://127.0.0.1:{port}/") as visit:
            asks = visit.wait(lambda: visit.part("token").is_displayed(), 10)
            report.check("a token is asked for", True, asks)
            visit.type("not-this-one-0123456789", Keys.ENTER)
            told = visit.wait(lambda: "may not" in visit.text("token-hint"), 10)
            report.check("a wrong one: told so", True, told)
            visit.enter("token", token)
            visit.type(Keys.ENTER)
            visit.wait(lambda: not visit.part("token").is_displayed(), 10)
            visit.draw("熊猫", steps="5")
            report.check("with the right one it draws", "Done", visit.wait_for_headline("Done"))
            drawn = (
                "const p = document.getElementById('picture'); return p.complete && p.naturalWidth"
            )
            visit.wait(lambda: visit.run(drawn) == 128, 5)
            report.check("and shows what it drew", 128, visit.run(drawn))
            visit.browser.refresh()
            report.check("a reload keeps it", "Done", visit.wait_for_headline("Done"))


def photograph(address: str, daemon: Daemon, folder: pathlib.Path) -> None:
    """What the README shows: wide and narrow, light and dark."""
    # The shelf of a daemon that drew a little.
    for prompt in (
        "苹果，粉色背景",
        "火箭",
        "企鹅，绿色背景",
        "西瓜",
        "向日葵，青色背景",
        "帆船，蓝色背景",
        "蘑菇",
        "樱花，白色背景",
        "月亮，黑色背景",
        "南瓜灯，紫色背景",
        "熊猫，蓝色背景",
    ):
        last = daemon.submit(
            prompt=prompt, seed=7, upscale=True, upscaler="realesrgan-x4plus-anime"
        )
    daemon.wait(last["id"])
    for name, size, dark, language in (
        ("page-light", (1180, 960), False, "en-GB"),
        ("page-dark", (1180, 960), True, "zh-CN"),
        ("page-narrow-light", (320, 760), False, "zh-CN"),
        ("page-narrow-dark", (320, 760), True, "en-GB"),
    ):
        with visitor(address, *size, dark, language) as visit:
            visit.wait(lambda: visit.part("save").is_displayed())
            visit.enter("prompt", "熊猫")
            visit.run("document.activeElement.blur()")
            if size[0] == 320 and dark:
                visit.run("document.getElementById('work').scrollIntoView()")
            time.sleep(0.5)
            (folder / f"{name}.png").write_bytes(shrunk(visit.browser.get_screenshot_as_png()))


def shrunk(png: bytes) -> bytes:
    """The same picture in fewer bytes: six bits of each colour."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    ImageOps.posterize(image, 6).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main() -> None:
    report = Report("the page")
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    if "--pictures" in sys.argv:
        with running("--listen", f"127.0.0.1:{port}") as daemon:
            photograph(address, daemon, pathlib.Path(sys.argv[-1]))
        return
    with running("--listen", f"127.0.0.1:{port}") as daemon, visitor(address) as visit:
        size = len(daemon.ask("GET", "/").body)
        report.check("bytes of the page", "< 100000", size, size < 100_000)
        draws_by_keyboard(report, visit, daemon)
        goes_on_from_a_picture(report, visit, daemon)
        report.check("the browser complains of nothing", [], visit.complaints())
        is_refused_in_words(report, visit)
        visit.complaints()  # a refused request is an error to the browser
        survives(report, visit, daemon)
        cancels(report, visit, daemon)
        shows_no_markup(report, visit, daemon)
        speaks_chinese(report, visit)
        is_gallery(report, visit, daemon)
        is_accessible(report, visit)
        fits(report, visit)
        asks_nobody_else(report, visit)
        report.check("the browser complains of nothing", [], visit.complaints())
    takes_a_token(report)
    report.finish()


if __name__ == "__main__":
    main()
