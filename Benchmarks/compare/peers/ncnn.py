"""ncnn in float32, with Winograd convolutions."""

from compare import conversion
from compare.peers import Peer

PEERS = [
    Peer(
        "ncnn",
        "ncnn",
        "float32",
        "ncnn",
        "ncnn",
        {model: "ncnn" for model in conversion.NCNN},
    )
]


def load(peer, stage, work, threads):
    import ncnn

    from compare import inputs

    path = conversion.artefact(work, peer.artefacts[stage.model], stage.model)
    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    net.opt.num_threads = threads
    # 16-bit storage is for processors that compute in it.
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = False
    net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.load_param(str(path / "model.ncnn.param"))
    net.load_model(str(path / "model.ncnn.bin"))
    # ncnn knows no batch: its tensors lack the first dimension.
    mats = [
        ncnn.Mat(array[0]).clone() for array in inputs.random(stage.model, stage.shapes)
    ]

    def run():
        extractor = net.create_extractor()
        for index, mat in enumerate(mats):
            extractor.input(f"in{index}", mat)
        status, _ = extractor.extract("out0")
        if status != 0:
            raise RuntimeError(f"ncnn: extract gave {status}")

    return run
