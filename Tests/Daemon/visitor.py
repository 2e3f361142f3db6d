"""A visitor of the page: Debian's Chromium without a screen."""

import contextlib
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

WATCH_SHIFTS = """
window.shifts = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
window.seen = new Set();
new MutationObserver(() => window.seen.add(document.getElementById('picture').src.slice(0, 2000)))
    .observe(document.getElementById('picture'), { attributes: true, attributeFilter: ['src'] });
"""


class Visitor:
    """A browser with the page open."""

    def __init__(
        self,
        address: str,
        width: int = 1180,
        height: int = 960,
        dark: bool = False,
        language: str = "en-GB",
    ) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in (
            "headless=new",
            "no-sandbox",
            "disable-gpu",
            "hide-scrollbars",
            f"lang={language}",
        ):
            options.add_argument(f"--{argument}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.browser = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
        self.browser.execute_cdp_cmd(
            "Network.setUserAgentOverride",
            {
                "userAgent": self.browser.execute_script("return navigator.userAgent"),
                "acceptLanguage": language,
            },
        )
        self.look(width, height, dark)
        self.address = address
        self.browser.get(address)
        self.browser.execute_script(WATCH_SHIFTS)

    def look(self, width: int, height: int, dark: bool) -> None:
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        self.browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
        )

    def part(self, identifier: str):
        return self.browser.find_element(By.ID, identifier)

    def text(self, identifier: str) -> str:
        return self.part(identifier).text

    def run(self, script: str, *arguments: object) -> object:
        return self.browser.execute_script(script, *arguments)

    @property
    def focused(self) -> str:
        return self.run("return document.activeElement.id")

    def type(self, *keys: str) -> None:
        """Types into whatever has the focus."""
        webdriver.ActionChains(self.browser).send_keys(*keys).perform()

    def tab_to(self, identifier: str, most: int = 60) -> bool:
        """Goes from control to control until `identifier` has the focus."""
        for _ in range(most):
            if self.focused == identifier:
                return True
            self.type(Keys.TAB)
        return False

    def wait(self, condition, seconds: float = 30) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(Exception):
                if condition():
                    return True
            time.sleep(0.05)
        return False

    def wait_for_headline(self, text: str, seconds: float = 30) -> str:
        self.wait(lambda: text in self.text("headline"), seconds)
        return self.text("headline")

    def enter(self, identifier: str, text: str) -> None:
        field = self.part(identifier)
        field.clear()
        field.send_keys(text)

    def draw(self, prompt: str, **fields: str) -> None:
        for name, text in fields.items():
            self.enter(name, text)
        self.enter("prompt", prompt)
        self.part("prompt").send_keys(Keys.ENTER)

    @property
    def shown(self) -> str:
        return self.run("return location.hash.slice(1)")

    def complaints(self) -> list[str]:
        return [
            entry["message"]
            for entry in self.browser.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]


@contextlib.contextmanager
def visitor(*arguments, **keywords):
    visit = Visitor(*arguments, **keywords)
    try:
        yield visit
    finally:
        visit.browser.quit()
