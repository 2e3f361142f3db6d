"""The command: `make compare`, or `python3 -m compare` inside Benchmarks/."""

import argparse
import datetime
import json
import subprocess
import sys
from pathlib import Path

from compare import contest, conversion, environment, inkstone, machine, peers, report
from compare.stages import BY_KEY, STAGES

ROOT = Path(__file__).parents[2]

DESCRIPTION = """\
Runs Inkstone and other CPU runtimes in turn on random weights of Stable Diffusion 1.5's and
Real-ESRGAN's shapes, and writes how their times compare.

The first run installs the runtimes into a virtual environment in the work folder and
converts the weights for each (an hour of processor time, 25 GB); later runs reuse both.
A whole comparison then takes a quarter of an hour on two idle cores and 24 GB of memory.
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "compare",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    keys = [peer.key for peer in peers.all_peers()]
    add = parser.add_argument
    add(
        "--stages",
        type=_names([stage.key for stage in STAGES]),
        default=[stage.key for stage in STAGES],
        help="comma-separated, of " + ", ".join(BY_KEY) + " (default: all)",
    )
    add(
        "--peers",
        type=_names(keys),
        default=keys,
        help="comma-separated, of " + ", ".join(keys) + " (default: all)",
    )
    add("--runs", type=int, default=3, help="runs of each, the first not counted (3)")
    add("--threads", type=int, default=2, help="threads of each (2)")
    add(
        "--isa",
        choices=["avx2"],
        help="hold both sides to AVX2, where a peer lets itself be held",
    )
    add(
        "--output",
        type=Path,
        action="append",
        default=[],
        help="a .md or .json file to write; may be repeated (default: print Markdown)",
    )
    add(
        "--work",
        type=Path,
        default=ROOT / ".build-compare",
        help="the folder for environment, weights and logs (.build-compare)",
    )
    add("--venv", type=Path, help="an environment that has the peers already")
    add(
        "--programs",
        type=Path,
        default=ROOT / ".build" / "release",
        help="the folder with inkstone and inkstone-quantize (.build/release)",
    )
    add("--prepare", action="store_true", help="install and convert only")
    return parser.parse_args()


def _names(known: list[str]):
    def names(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
        return chosen

    return names


def prepare(chosen: list, stages: list, settings: contest.Settings):
    """Makes whatever the contestants read."""
    wanted = [("weights", "rrdb")] if any(s.model == "rrdb" for s in stages) else []
    for stage in stages:
        for peer in chosen:
            if peer.runs(stage):
                wanted.append((peer.artefacts[stage.model], stage.model))
    for kind, model in wanted:
        for step in conversion.missing(settings.work, kind, model):
            print(f"compare: making {step[0]} of {step[1]}", file=sys.stderr)
            subprocess.run(
                [settings.python, "-m", "compare.conversion", settings.work, *step],
                check=True,
                cwd=ROOT / "Benchmarks",
                stdout=subprocess.DEVNULL,
            )
    for stage in stages:
        inkstone.quantize(settings.programs, settings.work, stage)


def compare(chosen: list, stages: list, settings: contest.Settings):
    """Holds the contests; yields the results so far, and Inkstone's start, after each."""
    has_vnni = machine.VNNI & machine.flags() and not settings.isa
    unet = next((stage for stage in stages if stage.model == "unet"), None)
    start = contest.start_seconds(unet, settings) if unet else None
    results = []
    for stage in stages:
        entries = contest.contestants(stage, chosen, settings)
        contest.hold(stage, entries, settings)
        results.append(report.Result(stage, entries, bool(has_vnni)))
        yield results, start


def main():
    options = arguments()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    settings = contest.Settings(
        work=work,
        python=environment.python(options.venv, work),
        programs=options.programs.resolve(),
        threads=options.threads,
        runs=options.runs,
        isa=options.isa,
        mask=environment.mask(work) if options.isa else None,
    )
    chosen = [peer for peer in peers.all_peers() if peer.key in options.peers]
    stages = [stage for stage in STAGES if stage.key in options.stages]
    prepare(chosen, stages, settings)
    if options.prepare:
        return
    head = {
        "date": datetime.date.today().isoformat(),
        "machine": machine.describe(),
        "isa": options.isa,
        "threads": options.threads,
        "runs": options.runs,
        "inkstone": inkstone.version(settings.programs),
        "versions": environment.versions(
            settings.python, {peer.package for peer in chosen}
        ),
    }
    for results, start in compare(chosen, stages, settings):
        write(options.output, head, results, start)
    if not options.output:
        print(report.markdown(head, results, start), end="")


def write(outputs: list[Path], head: dict, results: list, start: float | None):
    """Writes what is known into each file, in the format that its name asks for."""
    text = report.markdown(head, results, start)
    for path in outputs:
        if path.suffix == ".json":
            figures = [result.json() for result in results]
            document = {**head, "start_seconds": start, "stages": figures}
            path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        else:
            path.write_text(text)


if __name__ == "__main__":
    main()
