"""ONNX Runtime in float32."""

from compare import conversion
from compare.peers import Peer

PEERS = [
    Peer(
        "onnxruntime",
        "ONNX Runtime",
        "float32",
        "onnxruntime",
        "onnxruntime",
        {model: "onnx" for model in conversion.MODELS},
    )
]


def load(peer, stage, work, threads):
    import onnxruntime

    from compare import inputs

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    names = [f"in{index}" for index in range(len(stage.shapes))]
    for name, shape in zip(names, stage.shapes):
        for dimension, open_name in (
            conversion.ONNX_AXES[stage.model].get(name, {}).items()
        ):
            options.add_free_dimension_override_by_name(open_name, shape[dimension])
    path = conversion.artefact(work, peer.artefacts[stage.model], stage.model)
    session = onnxruntime.InferenceSession(
        path / "model.onnx", options, providers=["CPUExecutionProvider"]
    )
    feed = dict(zip(names, inputs.random(stage.model, stage.shapes)))
    return lambda: session.run(None, feed) and None
