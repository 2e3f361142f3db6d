"""stable-diffusion.cpp, with float16 weights.

It draws whole pictures only and says what each part took. A run is a process forked from
the loaded one, which ends when the part that is wanted is done.
"""

from compare.peers import Peer

PEERS = [
    Peer(
        "stable-diffusion.cpp",
        "stable-diffusion.cpp",
        "float16",
        "stable_diffusion_cpp",
        "stable-diffusion-cpp-python",
        {"text": "weights", "unet": "weights", "vae": "weights"},
        unbatched=frozenset({"unet"}),
    )
]
