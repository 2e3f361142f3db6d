"""stable-diffusion.cpp, with float16 weights.

It draws whole pictures only and tells of its progress. So a run is a fork of the loaded
process, which ends as soon as the part that is wanted is done.
"""

import ctypes
import json
import os
import re
import resource
import time

from compare import conversion
from compare.peers import Peer, Sample

PEERS = [
    Peer(
        "stable-diffusion.cpp",
        "stable-diffusion.cpp",
        "float16",
        "stable_diffusion_cpp",
        "stable-diffusion-cpp-python",
        {model: "checkpoint" for model in conversion.CHECKPOINT},
        asks_processor=False,
        unbatched=frozenset({"unet"}),
    )
]

#: What it logs, with the seconds, after the part.
LOGGED = {"text": "get_learned_condition", "vae": "decode_first_stage"}


def load(peer, stage, work, threads):
    import stable_diffusion_cpp

    pipeline = stable_diffusion_cpp.StableDiffusion(
        model_path=str(conversion.checkpoint(work)),
        wtype="f16",
        n_threads=threads,
        vae_decode_only=True,
    )
    return lambda: _run_in_fork(lambda finish: _draw(pipeline, stage, finish))


def _draw(pipeline, stage, finish):
    """Draws until the stage is done; `finish` gets its seconds and does not return."""
    import stable_diffusion_cpp

    begin = 0.0

    def progress(step, steps, *_):
        # The first step allocates; the second is what all further ones are like.
        nonlocal begin
        if stage.model == "unet" and step == steps:
            finish(time.perf_counter() - begin)
        begin = time.perf_counter()

    @stable_diffusion_cpp.sd_log_callback
    def log(level, text, data):
        pattern = LOGGED.get(stage.model, " ") + r" completed, taking ([\d.]+)s"
        if match := re.search(pattern, text.decode(errors="replace")):
            finish(float(match[1]))

    stable_diffusion_cpp.sd_set_log_callback(log, ctypes.c_void_p(0))
    side = 8 * stage.size if stage.model != "text" else 256
    pipeline.generate_image(
        prompt="a small red house by the lake, in clear morning light",
        width=side,
        height=side,
        cfg_scale=1.0,
        sample_method="euler",
        sample_steps=2 if stage.model == "unet" else 1,
        progress_callback=progress,
    )


def _run_in_fork(work) -> Sample:
    """Calls `work(finish)` in a fork, until it calls `finish(seconds)`."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:

        def finish(seconds):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            os.write(writer, json.dumps([seconds, peak]).encode())
            os._exit(0)

        try:
            work(finish)
        finally:
            os._exit(1)
    os.close(writer)
    with open(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if not answer:
        raise RuntimeError(f"the drawing process ended with status {status}")
    return Sample(*json.loads(answer))
