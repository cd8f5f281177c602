"""Make the first picture of the README: a result beside its style.

python -m nst.run style=starry_night hydra.run.dir=outputs/first
python scripts/first.py outputs/first docs/first.jpg
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from art.jpeg import encode
from nst.image.io import read_image, to_uint8

HEIGHT, GAP, PAPER = 432, 12, (255, 255, 255)
MAX_BYTES = 220_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("picture", type=Path, help="the JPEG to write")
    options = parser.parse_args(arguments)
    record = json.loads((options.run / "result.json").read_text(encoding="utf-8"))
    style = Path(record["provenance"]["pictures"]["style"]["path"]).expanduser()
    sheet = beside([opened(options.run / "result.png"), opened(style)])
    options.picture.write_bytes(encode(sheet, MAX_BYTES, progressive=True))
    print(f"{options.picture}: {sheet.width}x{sheet.height}, {options.picture.stat().st_size / 1000:.0f} KB")
    return 0


def opened(path: Path) -> Image.Image:
    """Read a picture and scale it to a height of `HEIGHT` pixels."""
    picture = Image.fromarray(to_uint8(read_image(path)))
    return picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS)


def beside(pictures: Sequence[Image.Image]) -> Image.Image:
    """Join pictures of the same height in a row."""
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
    sheet, x = Image.new("RGB", (width, HEIGHT), PAPER), 0
    for picture in pictures:
        sheet.paste(picture, (x, 0))
        x += picture.width + GAP
    return sheet


if __name__ == "__main__":
    raise SystemExit(main())
