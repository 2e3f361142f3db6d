"""OpenVINO, in float32 and with 8-bit weights and activations."""

from compare import conversion
from compare.peers import Peer

_AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2"}

PEERS = [
    Peer(
        "openvino-int8",
        "OpenVINO W8A8",
        "int8",
        "openvino",
        "openvino",
        {model: "openvino-int8" for model in conversion.QUANTIZED},
        avx2=_AVX2,
    ),
    Peer(
        "openvino",
        "OpenVINO",
        "float32",
        "openvino",
        "openvino",
        {model: "openvino" for model in conversion.MODELS},
        avx2=_AVX2,
    ),
]


def load(peer, stage, work, threads):
    import openvino

    from compare import inputs

    core = openvino.Core()
    path = conversion.artefact(work, peer.artefacts[stage.model], stage.model)
    model = core.read_model(path / "model.xml")
    model.reshape(dict(zip(model.inputs, stage.shapes)))
    compiled = core.compile_model(
        model,
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        },
    )
    request = compiled.create_infer_request()
    arrays = inputs.random(stage.model, stage.shapes)
    return lambda: request.infer(arrays) and None
