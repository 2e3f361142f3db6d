"""Makes what the peers read: checkpoints with random weights, and their conversions.

Everything is made once and kept in the work folder. Each artefact is made in a process of
its own (`python -m compare.conversion WORK ARTEFACT`), because converters hold on to
several gigabytes.
"""

import shutil
import sys
from pathlib import Path

MODELS = ("text", "unet", "vae", "rrdb")
#: The models of a checkpoint that draws pictures.
CHECKPOINT = ("text", "unet", "vae")
#: The models that 8-bit activations and weights are tried on.
QUANTIZED = ("unet", "vae", "rrdb")
#: The models that are published for ncnn.
NCNN = ("rrdb",)


def artefact(work: Path, kind: str, model: str) -> Path:
    """Where an artefact lies: a folder of its own."""
    return work / kind / model


def checkpoint(work: Path) -> Path:
    """The folder laid out as a diffusers checkpoint, that all weights come from."""
    return work / "checkpoint"


def example(model: str) -> list:
    """Small inputs to trace or to calibrate a model with."""
    from compare import inputs

    shapes = {
        "unet": [[1, 4, 16, 16], [1], [1, 77, 768]],
        "vae": [[1, 4, 16, 16]],
        "text": [[1, 77]],
        "rrdb": [[1, 3, 48, 48]],
    }[model]
    return inputs.random(model, shapes)


def make_weights(work: Path, model: str, folder: Path):
    """Random weights; the folder itself is only the sign that they are there."""
    from compare import models

    models.write(model, checkpoint(work))
    (folder / "done").touch()


def make_openvino(work: Path, model: str, folder: Path):
    """OpenVINO's own format in float32, with batch, height and width left open."""
    import openvino
    import torch

    from compare import models

    inputs = tuple(map(torch.from_numpy, example(model)))
    with torch.no_grad():
        traced = torch.jit.trace(
            models.load(model, checkpoint(work)), inputs, check_trace=False
        )
    converted = openvino.convert_model(traced, example_input=inputs)
    open_shapes = {
        "unet": ([-1, 4, -1, -1], [-1], [-1, 77, 768]),
        "vae": ([1, 4, -1, -1],),
        "text": ([1, 77],),
        "rrdb": ([1, 3, -1, -1],),
    }[model]
    converted.reshape(
        {
            port: openvino.PartialShape(shape)
            for port, shape in zip(converted.inputs, open_shapes)
        }
    )
    openvino.save_model(converted, folder / "model.xml", compress_to_fp16=False)


def make_openvino_int8(work: Path, model: str, folder: Path):
    """The same with 8-bit weights and activations (W8A8).

    Calibrated with two random inputs, and without the corrections that cost time to
    make: the speed is a real model's, the pictures are not looked at.
    """
    import nncf
    import openvino

    source = openvino.Core().read_model(artefact(work, "openvino", model) / "model.xml")
    names = [port.any_name for port in source.inputs]
    sample = dict(zip(names, example(model)))
    quantized = nncf.quantize(
        source,
        nncf.Dataset([sample, sample]),
        subset_size=2,
        preset=nncf.QuantizationPreset.MIXED,
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            disable_bias_correction=True, overflow_fix=nncf.OverflowFix.DISABLE
        ),
    )
    openvino.save_model(quantized, folder / "model.xml")


#: Names of the open dimensions, which the runtime is told the values of.
ONNX_AXES = {
    "unet": {
        "in0": {0: "batch", 2: "height", 3: "width"},
        "in1": {0: "batch"},
        "in2": {0: "batch"},
    },
    "vae": {"in0": {2: "height", 3: "width"}},
    "text": {},
    "rrdb": {"in0": {2: "height", 3: "width"}},
}


def make_onnx(work: Path, model: str, folder: Path):
    """ONNX in float32."""
    import torch

    from compare import models

    inputs = tuple(map(torch.from_numpy, example(model)))
    with torch.no_grad():
        torch.onnx.export(
            models.load(model, checkpoint(work)),
            inputs,
            str(folder / "model.onnx"),
            input_names=[f"in{index}" for index in range(len(inputs))],
            dynamic_axes=ONNX_AXES[model],
            opset_version=18,
            dynamo=False,
        )
    gather_weights(folder / "model.onnx")


def gather_weights(path: Path):
    """Puts the weights, which the exporter scatters over hundreds of files, into one."""
    import onnx

    model = onnx.load(path)
    for scattered in path.parent.iterdir():
        scattered.unlink()
    onnx.save_model(model, path, save_as_external_data=True, location="model.onnx.data")


def make_ncnn(work: Path, model: str, folder: Path):
    """ncnn's own format in float32."""
    from safetensors.numpy import load_file

    from compare import ncnn_model

    ncnn_model.write(load_file(checkpoint(work) / f"{model}.safetensors"), folder)


def make_whole_checkpoint(work: Path, model: str, folder: Path):
    """The sign that all weights of a checkpoint are there."""
    (folder / "done").touch()


MAKERS = {
    "weights": make_weights,
    "checkpoint": make_whole_checkpoint,
    "openvino": make_openvino,
    "openvino-int8": make_openvino_int8,
    "onnx": make_onnx,
    "ncnn": make_ncnn,
}


def needs(kind: str, model: str) -> list[tuple[str, str]]:
    """What must be there before."""
    if kind == "weights":
        return []
    if kind == "checkpoint":
        return [("weights", part) for part in CHECKPOINT]
    return [("openvino" if kind == "openvino-int8" else "weights", model)]


def missing(work: Path, kind: str, model: str) -> list[tuple[str, str]]:
    """What is still to be made, in order, so that an artefact is there."""
    if artefact(work, kind, model).exists():
        return []
    before = [step for need in needs(kind, model) for step in missing(work, *need)]
    return [*before, (kind, model)]


def make(work: Path, kind: str, model: str):
    """Makes one artefact; a half-made one never has its name."""
    target = artefact(work, kind, model)
    unfinished = target.with_name(target.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    checkpoint(work).mkdir(parents=True, exist_ok=True)
    MAKERS[kind](work, model, unfinished)
    unfinished.rename(target)


if __name__ == "__main__":
    make(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
