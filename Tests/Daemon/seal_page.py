"""Writes into the page the hashes that its policy allows: one style, one script.

usage: seal_page.py [--check] [PAGE]
"""

import base64
import hashlib
import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).parents[2] / "Sources/CPages/page.html"


def sealed(page: str) -> str:
    """The page with the hashes of its style and script in its policy."""
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        page, count = re.subn(rf"{tag}-src 'sha256-[^']*'", f"{tag}-src 'sha256-{digest}'", page)
        if count != 1:
            sys.exit(f"seal_page: the page names {count} policies for its {tag}, expected one")
    return page


def main() -> None:
    check = "--check" in sys.argv[1:]
    files = [argument for argument in sys.argv[1:] if argument != "--check"]
    path = pathlib.Path(files[0]) if files else PAGE
    page = path.read_text(encoding="utf-8")
    if page == sealed(page):
        return
    if check:
        sys.exit(f"seal_page: {path} changed, but not the hashes in its policy: run make page-seal")
    path.write_text(sealed(page), encoding="utf-8")


if __name__ == "__main__":
    main()
