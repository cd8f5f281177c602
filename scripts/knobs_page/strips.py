"""Draw the results of a sweep side by side, each with a label, as a JPEG."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from art.jpeg import encode
from nst.errors import InputError
from nst.image.io import read_image, to_uint8
from nst.report import sheet as report

CELL, GAP, LINE, TEXT = 240, 6, 24, 16  # pixels: picture width, gap, label height, font size
ACROSS = 5  # pictures per line, at most
MAX_BYTES = 170_000
PAPER, INK = "#ffffff", "#1c1c1e"

cut = partial(report.cut, end="…")


@dataclass(frozen=True)
class Strip:
    """Results in order, their labels, and their content and style pictures."""

    labels: Sequence[str]
    results: Sequence[Image.Image]
    sources: Sequence[Image.Image]


def read(folder: Path, knob: str, values: Sequence[str], labels: Sequence[str]) -> Strip:
    """Read the strip of a finished sweep.

    Raises:
        InputError: a value has no result.
    """
    found: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for file in sorted(folder.glob("*/result.json")):
        record = json.loads(file.read_text())
        if record["status"] == "done":
            found.update({override: (file.with_name("result.png"), record) for override in record["overrides"]})
    missing = [value for value in values if f"{knob}={value}" not in found]
    if missing:
        raise InputError(f"{folder} has no result of {knob}={', '.join(missing)}")
    runs = [found[f"{knob}={value}"] for value in values]
    return Strip(labels, [_open(path) for path, _ in runs], [_open(path) for path in _common([r for _, r in runs])])


def _open(path: Path) -> Image.Image:
    return Image.fromarray(to_uint8(read_image(path)))


def _common(records: Sequence[Mapping[str, Any]]) -> list[Path]:
    """The pictures used by more than half of the runs: runs of a blend omit a style of weight 0."""
    runs = Counter(used for record in records for used in _used(record))
    shared = [path for (_, path), times in sorted(runs.items()) if 2 * times > len(records)]  # content, style/0, ...
    return [Path(path).expanduser() for path in shared]  # records shorten the home folder


def _used(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pictures, (role, path), that a loss term uses. Terms of weight 0 use none."""
    terms = {name.partition("/")[0] for name in record["weighted"]}  # content/features, if several losses are mixed
    pictures = record["provenance"]["pictures"].items()
    return [(role, picture["path"]) for role, picture in pictures if role.partition("/")[0] in terms]


def draw(strip: Strip, across: int = ACROSS) -> Image.Image:
    """Draw results in lines of about equal length, with small content and style pictures left of the first line.

    Args:
        strip: what to draw.
        across: pictures per line, at most.
    """
    height = max(round(CELL * result.height / result.width) for result in strip.results)
    across = -(-len(strip.results) // -(-len(strip.results) // across))
    lines = -(-len(strip.results) // across)
    left = CELL // 2 + 2 * GAP if strip.sources else 0
    sheet = Image.new("RGB", (left + across * (CELL + GAP) - GAP, lines * (LINE + height + GAP) - GAP), PAPER)
    _sources(sheet, strip.sources, height)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    for place, (label, result) in enumerate(zip(strip.labels, strip.results, strict=True)):
        x, y = left + place % across * (CELL + GAP), place // across * (LINE + height + GAP)
        pen.text((x, y + 1), cut(label, font, CELL), INK, font)
        fitted = ImageOps.contain(result, (CELL, height), Image.Resampling.LANCZOS)
        sheet.paste(fitted, (x + (CELL - fitted.width) // 2, y + LINE + (height - fitted.height) // 2))
    return sheet


def _sources(sheet: Image.Image, sources: Sequence[Image.Image], height: int) -> None:
    """Paste the content and style pictures in a column, together as high as the results."""
    each = (height - GAP * (len(sources) - 1)) // max(len(sources), 2)
    for place, source in enumerate(sources):
        small = ImageOps.contain(source, (CELL // 2, each), Image.Resampling.LANCZOS)
        sheet.paste(small, ((CELL // 2 - small.width) // 2, LINE + place * (each + GAP)))


def write(strip: Strip, file: Path) -> None:
    """Write the JPEG, of at most `MAX_BYTES`."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(encode(draw(strip), MAX_BYTES, progressive=True))
