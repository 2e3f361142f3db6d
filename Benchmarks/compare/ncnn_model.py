"""RRDBNet in ncnn's own format, as Real-ESRGAN's authors publish it: float32, not optimised.

The .param file lists layers with the blobs that they read and write, the .bin file has the
convolutions' weights in the same order.
"""

import struct
from collections import Counter, defaultdict
from pathlib import Path

MAGIC = 7767517
LEAKY = "9=2 -23310=1,0.2"


class Graph:
    """Layers in order; each writes one blob, which has the layer's name."""

    def __init__(self, weights):
        self.weights = weights
        self.layers = [("Input", "in0", [], "")]
        self.data = bytearray()

    def add(self, kind: str, inputs: list[str], parameters: str, name: str = "") -> str:
        name = name or f"{kind.lower()}{len(self.layers)}"
        self.layers.append((kind, name, inputs, parameters))
        return name

    def convolution(self, blob: str, tensor: str, activation: str = "", name="") -> str:
        """3×3 with bias. Four bytes of zero say that the weights are float32."""
        weight = self.weights[tensor + ".weight"]
        shape = f"0={weight.shape[0]} 1=3 4=1 5=1 6={weight.size}"
        self.data += struct.pack("<I", 0) + weight.tobytes()
        self.data += self.weights[tensor + ".bias"].tobytes()
        name = name or tensor.replace(".", "_")
        return self.add("Convolution", [blob], f"{shape} {activation}", name)

    def sum(self, first: str, second: str, scale: float) -> str:
        """first + scale · second."""
        return self.add("Eltwise", [first, second], f"0=1 -23301=2,1.0,{scale}")

    def text(self) -> str:
        """The .param file: a blob that is read more than once is split first."""
        uses = Counter(blob for layer in self.layers for blob in layer[2])
        turn = defaultdict(int)
        lines = []
        blobs = 0

        def reading(blob: str) -> str:
            if uses[blob] < 2:
                return blob
            turn[blob] += 1
            return f"{blob}_{turn[blob]}"

        for kind, name, inputs, parameters in self.layers:
            sources = [reading(blob) for blob in inputs]
            numbers = f"{len(inputs)} 1"
            lines.append(" ".join([kind, name, numbers, *sources, name, parameters]))
            blobs += 1
            if uses[name] > 1:
                copies = [f"{name}_{index + 1}" for index in range(uses[name])]
                numbers = f"1 {len(copies)}"
                lines.append(" ".join(["Split", f"{name}_0", numbers, name, *copies]))
                blobs += len(copies)
        return "\n".join([str(MAGIC), f"{len(lines)} {blobs}", *lines]) + "\n"


def _dense_block(graph: Graph, blob: str, prefix: str) -> str:
    known = [blob]
    for index in range(1, 6):
        read = known[0] if index == 1 else graph.add("Concat", list(known), "0=0")
        activation = LEAKY if index < 5 else ""
        known.append(graph.convolution(read, f"{prefix}.conv{index}", activation))
    return graph.sum(blob, known[-1], 0.2)


def write(weights: dict, folder: Path):
    """Writes the network of these weights (numpy, float32) into a folder."""
    graph = Graph(weights)
    first = graph.convolution("in0", "conv_first")
    blob = first
    blocks = 1 + max(int(k.split(".")[1]) for k in weights if k.startswith("body."))
    for block in range(blocks):
        begin = blob
        for part in ("rdb1", "rdb2", "rdb3"):
            blob = _dense_block(graph, blob, f"body.{block}.{part}")
        blob = graph.sum(begin, blob, 0.2)
    blob = graph.sum(first, graph.convolution(blob, "conv_body"), 1.0)
    for name in ("conv_up1", "conv_up2"):
        blob = graph.add("Interp", [blob], "0=1 1=2.0 2=2.0")
        blob = graph.convolution(blob, name, LEAKY)
    blob = graph.convolution(blob, "conv_hr", LEAKY)
    graph.convolution(blob, "conv_last", name="out0")
    (folder / "model.ncnn.param").write_text(graph.text())
    (folder / "model.ncnn.bin").write_bytes(graph.data)
