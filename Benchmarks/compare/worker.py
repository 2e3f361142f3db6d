"""A peer's process: loads a stage, then runs it once for each line that it reads.

It answers `ready` when it has loaded, and each `run` with the seconds that it took,
followed by the most bytes that were resident where another process did the work. The end
of its input ends it. `inkstone bench --on-request` speaks the same way.
"""

import os
import sys
import time
from pathlib import Path

from compare import peers, stages


def serve(key: str, stage_key: str, work: str, threads: str):
    """Speaks over the standard streams; whatever libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    peer = next(peer for peer in peers.all_peers() if peer.key == key)
    stage = stages.BY_KEY[stage_key]
    run = peers.module(peer.module).load(peer, stage, Path(work), int(threads))
    answers.write("ready\n")
    for _ in sys.stdin:
        begin = time.perf_counter()
        sample = run()
        if sample is None:
            sample = peers.Sample(time.perf_counter() - begin)
        answers.write(f"{sample.seconds:.6f} {sample.peak_bytes}\n")


if __name__ == "__main__":
    serve(*sys.argv[1:])
