"""A sweep's pictures side by side, a label over each, as a JPEG."""

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

CELL, GAP, LINE, TEXT = 240, 6, 24, 16  # width of a picture, between pictures, height of a label and of its letters
ACROSS = 5  # pictures in a line, at most
MAX_BYTES = 170_000
PAPER, INK = "#ffffff", "#1c1c1e"

cut = partial(report.cut, end="…")


@dataclass(frozen=True)
class Strip:
    """Pictures in their order, and what they were made of."""

    labels: Sequence[str]
    results: Sequence[Image.Image]
    sources: Sequence[Image.Image]


def read(folder: Path, knob: str, values: Sequence[str], labels: Sequence[str]) -> Strip:
    """The strip of a sweep that is done.

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
    """The pictures that went into more than half of the runs: one of a blend is left out where its weight is 0."""
    runs = Counter(used for record in records for used in _used(record))
    shared = [path for (_, path), times in sorted(runs.items()) if 2 * times > len(records)]  # content, style/0, ...
    return [Path(path).expanduser() for path in shared]  # records shorten the home folder


def _used(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pictures, (role, path), that a loss compares with: one of weight 0 looks at none."""
    terms = {name.partition("/")[0] for name in record["weighted"]}  # content/features, where several are mixed
    pictures = record["provenance"]["pictures"].items()
    return [(role, picture["path"]) for role, picture in pictures if role.partition("/")[0] in terms]


def draw(strip: Strip) -> Image.Image:
    """Pictures in lines of about equal length; at the left of the first line, small, what they were made of."""
    height = max(round(CELL * result.height / result.width) for result in strip.results)
    across = -(-len(strip.results) // -(-len(strip.results) // ACROSS))
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
    """Below each other, as high together as a line of the strip."""
    each = (height - GAP * (len(sources) - 1)) // max(len(sources), 2)
    for place, source in enumerate(sources):
        small = ImageOps.contain(source, (CELL // 2, each), Image.Resampling.LANCZOS)
        sheet.paste(small, ((CELL // 2 - small.width) // 2, LINE + place * (each + GAP)))


def write(strip: Strip, file: Path) -> None:
    """The JPEG, of at most MAX_BYTES."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(encode(draw(strip), MAX_BYTES, progressive=True))
