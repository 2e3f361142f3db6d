"""Writes a command's manual pages by swift-argument-parser's generator, and mends them.

The generator drops what is not ASCII, so such characters go through it under other names. man-db
wants a page's name without blanks: a subcommand's page is inkstone-batch. An empty line of the
text is a paragraph, which mdoc writes otherwise.
"""

import argparse
import pathlib
import re
import subprocess
import tempfile


def disguised(text):
    """Characters beyond ASCII under ASCII names."""
    return re.sub(r"[^\x00-\x7f]", lambda found: f"QxU{ord(found[0]):X}xQ", text)


def revealed(text):
    return re.sub(r"QxU([0-9A-F]+)xQ", lambda found: chr(int(found[1], 16)), text)


def generate(generator, command, date, folder):
    """Runs the generator on what the command says of itself."""
    said = subprocess.run(
        [command, "--experimental-dump-help"], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    with tempfile.TemporaryDirectory() as place:
        text, stand_in = pathlib.Path(place, "text"), pathlib.Path(place, command.name)
        text.write_text(disguised(said), encoding="ascii")
        stand_in.write_text(f"#!/bin/sh\ncat '{text}'\n", encoding="ascii")
        stand_in.chmod(0o755)
        options = ["--multi-page", "--date", date, "--output-directory", folder]
        subprocess.run([generator, stand_in, *options], check=True)


def mended(page, name):
    dashed = name.replace(".", "-")
    page = re.sub(r"^\.Dt .*", f".Dt {dashed.upper()} 1", page, flags=re.M)
    page = re.sub(r"^\.Nm .*", f".Nm {dashed}", page, count=1, flags=re.M)
    page = re.sub(r"^\.Nm$", ".Nm " + name.replace(".", " "), page, flags=re.M)
    page = re.sub(r'^\.Nd "(.*)"$', r".Nd \1", page, flags=re.M)
    page = re.sub(r"(?<=^\.Xr )\S+", lambda found: found[0].replace(".", "-"), page, flags=re.M)
    return revealed(page.replace("\n\n", "\n.Pp\n"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generator", required=True, type=pathlib.Path)
    parser.add_argument("--date", required=True, help="YYYY-MM-DD")
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("commands", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for command in options.commands:
            generate(options.generator, command, options.date, folder)
        for page in pathlib.Path(folder).iterdir():
            name = page.name.removesuffix(".1")
            path = options.output / f"{name.replace('.', '-')}.1"
            path.write_text(mended(page.read_text(encoding="ascii"), name), encoding="utf-8")


if __name__ == "__main__":
    main()
