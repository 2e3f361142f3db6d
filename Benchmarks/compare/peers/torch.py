"""torch, as diffusers runs the models: float32."""

from compare import conversion
from compare.peers import Peer

PEERS = [
    Peer(
        "torch",
        "torch",
        "float32",
        "torch",
        "torch",
        {model: "weights" for model in conversion.MODELS},
        avx2={
            "ATEN_CPU_CAPABILITY": "avx2",
            "ONEDNN_MAX_CPU_ISA": "AVX2",
            "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        },
    )
]


def load(peer, stage, work, threads):
    import torch

    from compare import inputs, models

    torch.set_num_threads(threads)
    model = models.load(stage.model, conversion.checkpoint(work))
    arrays = inputs.random(stage.model, stage.shapes)
    tensors = [torch.from_numpy(array) for array in arrays]

    def run():
        with torch.inference_mode():
            model(*tensors)

    return run
