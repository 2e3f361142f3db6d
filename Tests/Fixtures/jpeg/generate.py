"""Writes the JPEG files of this folder and expected.json: what Pillow makes of their pixels.

    pip install pillow && python generate.py
"""

import json
import pathlib

from PIL import Image

HERE = pathlib.Path(__file__).parent
W, H = 19, 13


def picture(mode):
    """Smooth colours with an edge, and another at each corner."""
    image = Image.new("RGB", (W, H))
    for y in range(H):
        for x in range(W):
            image.putpixel((x, y), (13 * x, 19 * y, 255 if x > y else 40))
    return image.convert(mode)


def write(name, mode="RGB", **options):
    picture(mode).save(HERE / f"{name}.jpg", quality=90, **options)


exif = Image.Exif()
exif[0x010F] = "Inkstone"
exif[0x0112] = 1
write("rgb444", subsampling="4:4:4", exif=exif)
write("rgb420", subsampling="4:2:0")
write("rgb422-restarts", subsampling="4:2:2", restart_marker_blocks=1)
write("progressive", progressive=True)
write("stored-as-rgb", keep_rgb=True)
write("gray", "L")
write("gray-progressive", "L", progressive=True)
write("cmyk", "CMYK")

# Pillow writes no YCCK: the last byte of Adobe's marker says that it is.
marked = (HERE / "cmyk.jpg").read_bytes()
transform = marked.index(b"Adobe") + 11
(HERE / "ycck.jpg").write_bytes(marked[:transform] + b"\2" + marked[transform + 1 :])

cases = {}
for path in sorted(HERE.glob("*.jpg")):
    image = Image.open(path).convert("RGB")
    cases[path.stem] = {"channels": 3, "pixels": list(image.tobytes())}
(HERE / "expected.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
