"""Writes the PNG files of this folder and expected.json: what Pillow or pypng makes of their pixels.

    pip install pillow pypng && python generate.py
"""

import io
import json
import pathlib
import random

import png
from PIL import Image, PngImagePlugin

HERE = pathlib.Path(__file__).parent
W, H = 9, 7
random.seed(1)


def noise(count, top):
    return [random.randint(0, top) for _ in range(count)]


def rows(values, per_row):
    return [values[i : i + per_row] for i in range(0, len(values), per_row)]


def write(name, planes, bitdepth=8, **options):
    with open(HERE / f"{name}.png", "wb") as file:
        writer = png.Writer(W, H, bitdepth=bitdepth, **options)
        writer.write(file, rows(noise(W * H * planes, 2**bitdepth - 1), W * planes))


palette = [tuple(noise(3, 255)) for _ in range(16)]
write("gray1", 1, 1, greyscale=True)
write("gray2-interlaced", 1, 2, greyscale=True, interlace=True)
write("gray4-transparent", 1, 4, greyscale=True, transparent=5)
write("gray8", 1, greyscale=True)
write("gray16", 1, 16, greyscale=True)
write("gray8-alpha-interlaced", 2, greyscale=True, alpha=True, interlace=True)
write("palette4", 1, 4, palette=palette)
write("palette4-transparent", 1, 4, palette=[p + (i * 17,) for i, p in enumerate(palette)])
write("rgb8", 3, greyscale=False)
write("rgb8-gamma", 3, greyscale=False, gamma=0.3)
write("rgb8-interlaced", 3, greyscale=False, interlace=True)
write("rgb16", 3, 16, greyscale=False)
write("rgba8", 4, greyscale=False, alpha=True)
write("rgba16-interlaced", 4, 16, greyscale=False, alpha=True, interlace=True)


def expected(path):
    """Pillow's pixels; pypng's where Pillow cuts off 16 bits or compares an unscaled transparent gray."""
    if path.name == "gray4-transparent.png":
        _, _, values, _ = png.Reader(bytes=path.read_bytes()).asRGBA8()
        return 4, b"".join(bytes(row) for row in values)
    if "16" in path.name:
        _, _, values, info = png.Reader(bytes=path.read_bytes()).read()
        planes = info["planes"]
        flat = [(v * 255 + 32767) // 65535 for row in values for v in row]
        if planes == 1:
            flat = [v for v in flat for _ in range(3)]
        return max(planes, 3), bytes(flat)
    image = Image.open(path)
    clear = "A" in image.mode or "transparency" in image.info
    image = image.convert("RGBA" if clear else "RGB")
    return len(image.getbands()), image.tobytes()


cases = {}
for path in sorted(HERE.glob("*.png")):
    if not path.name.startswith("text"):
        channels, pixels = expected(path)
        cases[path.stem] = {"channels": channels, "pixels": list(pixels)}
(HERE / "expected.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")

info = PngImagePlugin.PngInfo()
info.add_text("parameters", "熊猫，蓝色背景\nSteps: 25")
info.add_text("Latin", "caf\u00e9")
info.add_text("Packed", "caf\u00e9 " * 100, zip=True)
info.add_itxt("Title", "砚 " * 100, "zh", "标题", zip=True)
image = Image.new("RGB", (2, 1), (1, 2, 3))
image.save(HERE / "texts.png", pnginfo=info)

info = PngImagePlugin.PngInfo()
info.add_text("Bomb", "0" * 7_000_000, zip=True)
Image.new("RGB", (2, 1)).save(HERE / "text-bomb.png", pnginfo=info, compress_level=9)
