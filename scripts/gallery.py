"""Join the results of a sweep over contents and styles in one picture, one row per content, one column per style:

python -m nst.run sweep=gallery
python scripts/gallery.py outputs/sweeps/gallery docs/gallery.jpg
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from art.jpeg import encode
from nst.assets.find import catalogue
from nst.errors import InputError
from nst.image.io import read_image, to_uint8

CELL, GAP = (270, 180), 6
PAPER = (255, 255, 255)
MAX_BYTES = 700_000


@dataclass(frozen=True)
class Run:
    """A result, and its content and style picture."""

    content: Path
    style: Path
    result: Path


Grid = dict[tuple[str, str], Run]  # {(content's name, style's name): run}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the picture. The exit status is 2 if the folder lacks results of the grid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweep", type=Path, help="the folder of a sweep")
    parser.add_argument("picture", type=Path, help="the JPEG to write")
    options = parser.parse_args(arguments)
    try:
        sheet = compose(find(options.sweep))
        data = encode(sheet, MAX_BYTES, progressive=True)
    except ValueError as error:  # InputError is one
        print(error, file=sys.stderr)
        return 2
    options.picture.write_bytes(data)
    print(f"{options.picture}: {sheet.width}x{sheet.height}, {options.picture.stat().st_size / 1000:.0f} KB")
    return 0


def find(folder: Path) -> Grid:
    """Find the results of the runs in `folder`.

    Raises:
        InputError: no finished run, a missing pair, two runs of one pair, or a run with several contents or styles.
    """
    grid: Grid = {}
    for file in sorted(folder.glob("*/result.json")):
        record = json.loads(file.read_text())
        if record["status"] != "done":
            continue
        made_of = record["provenance"]["pictures"]
        if set(made_of) != {"content", "style"}:
            raise InputError(f"{file.parent} uses {', '.join(made_of)}: the sheet takes one content and one style")
        content, style = made_of["content"], made_of["style"]
        pair = content["name"], style["name"]
        if pair in grid:
            raise InputError(f"{folder} holds two runs of {pair[0]} in {pair[1]}; the sheet takes one")
        grid[pair] = Run(_expanded(content["path"]), _expanded(style["path"]), file.with_name("result.png"))
    contents, styles = axes(grid)
    missing = [f"{content} x {style}" for content in contents for style in styles if (content, style) not in grid]
    if missing or not grid:
        raise InputError(f"{folder} holds no run with a result" if not grid else f"not done yet: {', '.join(missing)}")
    return grid


def _expanded(path: str) -> Path:
    """Expand `~`: records shorten the home folder."""
    return Path(path).expanduser()


def axes(grid: Grid) -> tuple[list[str], list[str]]:
    """The contents and the styles, each once, in the order of the catalogue."""
    order = list(catalogue())
    rank = {name: place for place, name in enumerate(order)}
    contents, styles = ({pair[axis] for pair in grid} for axis in (0, 1))
    return (
        sorted(contents, key=lambda name: (rank.get(name, len(rank)), name)),
        sorted(styles, key=lambda name: (rank.get(name, len(rank)), name)),
    )


def compose(grid: Grid) -> Image.Image:
    """The sheet: styles along the top, contents down the left side, and the result of each pair."""
    contents, styles = axes(grid)
    width, height = (cell + GAP for cell in CELL)
    sheet = Image.new("RGB", (width * (len(styles) + 1) - GAP, height * (len(contents) + 1) - GAP), PAPER)
    for column, style in enumerate(styles, 1):
        sheet.paste(cell(grid[contents[0], style].style), (column * width, 0))
    for row, content in enumerate(contents, 1):
        sheet.paste(cell(grid[content, styles[0]].content), (0, row * height))
        for column, style in enumerate(styles, 1):
            sheet.paste(cell(grid[content, style].result), (column * width, row * height))
    return sheet


def cell(path: Path) -> Image.Image:
    """A picture, scaled and cropped around its center to the size of a cell."""
    picture = Image.fromarray(to_uint8(read_image(path)))
    return ImageOps.fit(picture, CELL, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main())
