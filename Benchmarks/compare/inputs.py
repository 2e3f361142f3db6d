"""Random inputs of a model, the same for everyone."""

import numpy


def random(model: str, shapes: list[list[int]]) -> list[numpy.ndarray]:
    """Arrays of these shapes: token ids, a picture within 0…1, or noise."""
    source = numpy.random.default_rng(0)
    if model == "text":
        return [source.integers(0, 49000, shape) for shape in shapes]
    if model == "rrdb":
        return [source.random(shape, numpy.float32) for shape in shapes]
    return [
        # A vector is the timestep of each picture.
        numpy.full(shape, 500, numpy.float32)
        if len(shape) == 1
        else source.standard_normal(shape, numpy.float32)
        for shape in shapes
    ]
