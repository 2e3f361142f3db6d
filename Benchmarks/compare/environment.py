"""The virtual environment that the peers live in."""

import os
import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
#: Built from its source, with what this processor has.
SOURCE_PACKAGES = Path(__file__).with_name("requirements-source.txt")


def python(folder: Path | None, work: Path) -> Path:
    """The interpreter of the peers' environment, which is made where it is missing.

    `folder` is an environment that is there already; nothing is installed into it.
    """
    if folder:
        return folder / "bin" / "python"
    folder = work / "venv"
    interpreter = folder / "bin" / "python"
    finished = folder / "finished"
    wanted = REQUIREMENTS.read_text() + SOURCE_PACKAGES.read_text()
    if not finished.exists() or finished.read_text() != wanted:
        print(f"compare: installing the peers into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        _pip(interpreter, "-r", REQUIREMENTS)
        _pip(
            interpreter,
            "--no-build-isolation",
            "--no-deps",
            "--no-binary=:all:",
            "-r",
            SOURCE_PACKAGES,
            CMAKE_ARGS="-DGGML_NATIVE=ON -DGGML_LLAMAFILE=ON -DGGML_OPENMP=ON",
            PATH=f"{interpreter.parent}:{os.environ['PATH']}",
        )
        finished.write_text(wanted)
    return interpreter


def _pip(interpreter: Path, *arguments, **environment):
    command = [interpreter, "-m", "pip", "install", "--quiet", *arguments]
    subprocess.run(command, check=True, env={**os.environ, **environment})


def mask(work: Path) -> dict[str, str] | None:
    """What hides all beyond AVX2 from a program; None where the processor cannot."""
    library = work / "mask_cpuid.so"
    source = Path(__file__).with_name("mask_cpuid.c")
    build = ["cc", "-O2", "-shared", "-fPIC", source, "-o", library]
    holding = {"LD_PRELOAD": str(library)}
    try:
        subprocess.run(build, check=True, capture_output=True)
        subprocess.run(["true"], check=True, env={**os.environ, **holding})
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"compare: cannot mask the processor: {error}", file=sys.stderr)
        return None
    return holding


def versions(interpreter: Path, packages: set[str]) -> dict[str, str]:
    """The installed version of each package that is there."""
    script = (
        "import sys, importlib.metadata as metadata\n"
        "for name in sys.argv[1:]:\n"
        "    try: print(name, metadata.version(name))\n"
        "    except metadata.PackageNotFoundError: pass\n"
    )
    lines = subprocess.run(
        [interpreter, "-c", script, *sorted(packages)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return dict(line.split() for line in lines)
