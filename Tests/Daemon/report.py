"""A table of findings: what, expected, seen."""

import sys
import unicodedata


class Report:
    """What was expected and what was seen; printed as it is found, counted at the end."""

    WIDTHS = (44, 30)

    def __init__(self, title: str) -> None:
        self.failures = 0
        print(f"== {title}", flush=True)
        self.row("what", "expected", "seen", "")

    def row(self, what: str, expected: str, seen: str, mark: str) -> None:
        cells = [
            pad(text, width) for text, width in zip((what, expected), self.WIDTHS, strict=True)
        ]
        print(f"{mark or ' ':4} {cells[0]}  {cells[1]}  {seen}", flush=True)

    def check(self, what: str, expected: object, seen: object, good: bool | None = None) -> bool:
        """One finding; without `good` it holds where `seen` equals `expected`."""
        good = seen == expected if good is None else good
        self.failures += not good
        self.row(what, str(expected), str(seen), "ok" if good else "FAIL")
        return good

    def timing(self, what: str, limit: float, unit: str, measure) -> bool:
        """A figure that a busy machine can spoil: measured once more before it fails."""
        seen = measure()
        if seen >= limit:
            self.row(what, f"< {limit:g} {unit}", f"{seen:.3g} {unit}", "slow")
            seen = measure()
        return self.check(what, f"< {limit:g} {unit}", f"{seen:.3g} {unit}", seen < limit)

    def finish(self) -> None:
        print(f"== {self.failures} failed" if self.failures else "== all as expected", flush=True)
        sys.exit(1 if self.failures else 0)


def pad(text: str, width: int) -> str:
    """Filled up to a width in columns, of which a Chinese character takes two."""
    columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return text + " " * max(0, width - columns)
