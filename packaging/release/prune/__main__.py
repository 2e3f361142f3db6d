"""Links a program once more, without what nothing in it can reach.

usage: python packaging/release/prune LINKER INPUTS.tar OUTPUT

INPUTS.tar is what the first link wrote with --reproduce: all of its input, and `response.txt`, its
options. A folder beside it holds the copy that is changed; it goes when the program is linked.
"""

import pathlib
import re
import shutil
import subprocess
import sys

from objects import Inputs
from reach import Program, prune


def main(linker, archive, output):
    folder = pathlib.Path(archive).resolve().with_suffix("")
    output = pathlib.Path(output).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["tar", "-xf", archive, "-C", folder.parent], check=True)
    options = (folder / "response.txt").read_text(encoding="utf-8")
    entries = ["_start", "main", *re.findall(r"--defsym main=(\S+)", options)]

    def link(*more):
        return subprocess.run(
            [linker, "@response.txt", *more], cwd=folder, check=True, text=True,
            stdout=subprocess.PIPE).stdout.splitlines()

    inputs = Inputs(folder, link("--trace", "--output", "/dev/null"))
    program = Program(inputs.objects, entries)
    reached = program.reach()
    unmarked, unlinked = prune(program, reached)
    inputs.write()
    link("--output", str(output))
    shutil.rmtree(folder)
    print(f"prune: {len(program.parts)} objects, {len(reached)} pieces, {int(reached.sum())} "
          f"reached; {unmarked} sections and {unlinked} relocations taken out")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"prune: {error}")
