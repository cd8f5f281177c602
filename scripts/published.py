"""Write docs/published.md: results of the default settings beside published pictures, all measured with VGG19:

python scripts/published.py --photographs FOLDER --published FOLDER

Neither folder is part of nst. `--photographs` holds the content and style pictures of `PAIRS`, such as tubingen.jpg;
`--published` holds the results, such as tubingen_scream.png. Run folders are in outputs/sweeps/published; finished runs
are not repeated.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.machine import machine
from nst.errors import InputError
from nst.extractor.imagenet import find
from nst.runtime import device

if TYPE_CHECKING:  # it imports TensorFlow
    from nst.extractor.network import Network

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "published.md"
PAINTINGS = ROOT / "nst" / "bundled" / "pictures"
FOLDER = "outputs/sweeps/published"
PAIRS = {
    ("tubingen", "the_scream"): "tubingen_scream",
    ("golden_gate", "the_scream"): "golden_gate_scream",
    ("tubingen", "seated_nude"): "tubingen_seated_nude",
}
"""{(content, style): published picture}, by jcjohnson/neural-style."""
OWN = [
    ("harbor", "starry_night"),
    ("cat", "ink"),
    ("astronaut", "mosaic"),
    ("coffee", "great_wave"),
    ("rocket", "water_lilies"),
]
WEIGHTS = (2, 4, 8, 16)
STEPS = ("114", "null")
"""The setting `steps`: about half of the default evaluations, and the default."""
COMMON = ("extractor=vgg19", "observers=quiet")


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    what: str
    equivalents: float | None  # None: unknown, about 1,000
    seconds: float
    style: float
    content: float

    def text(self) -> str:
        """The row in Markdown."""
        work = "about 1000 |" if self.equivalents is None else f"{self.equivalents:.0f} | {self.seconds:.0f}"
        return f"| {self.what} | {work} | {self.style:.3f} | {self.content:.3f} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing and write the page. The exit status is 2 for bad input or a failed run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of content and style pictures")
    parser.add_argument("--published", type=Path, required=True, help="folder of the published results")
    parser.add_argument("--own", action="store_true", help="add bundled pairs beside experiment=johnson: hours")
    options = parser.parse_args(arguments)
    try:
        blocks = [HEAD.format(weights=find("vgg19").origin, machine=machine())]
        for (content, style), name in PAIRS.items():
            pictures = [(options.photographs / f"{part}.jpg").resolve() for part in (content, style)]
            blocks.append(beside_published(f"{content} x {style}", options.published / f"{name}.png", *pictures))
        blocks += [beside_johnson(content, style) for content, style in OWN if options.own]
    except (InputError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    PAGE.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    print(PAGE)
    return 0


HEAD = """# Comparison with published pictures

The tables show style and content distance ([definitions](explanation/metrics.md); lower is closer) at 512 pixels. The
metric network is VGG19,
{weights}.

The published pictures are results shown by jcjohnson/neural-style, made with about 1,000 evaluations of L-BFGS at
full size. nst runs its default settings with `style.scale=1` and several style weights. A full-size equivalent is the
work of one evaluation at full size. Seconds count the steps only, on
{machine}.

`python scripts/published.py --photographs FOLDER --published FOLDER` writes this page. `--own` adds pairs of nst's
own pictures beside `experiment=johnson`. The photographs are not part of nst."""


def beside_published(title: str, result: Path, content: Path, style: Path) -> str:
    """The section on a published picture."""
    published = Row("published", None, 0, *measured(result, content, style))
    overrides = [quoted("content.image", content), quoted("style.image", style)]
    return table(title, [published, *rows(title.replace(" x ", "_"), overrides)])


def beside_johnson(content: str, style: str) -> str:
    """The section on a pair of nst's own pictures, beside `experiment=johnson`."""
    name, overrides = f"{content}_{style}", [f"content={content}", quoted("style.image", PAINTINGS / f"{style}.jpg")]
    johnson = row("`experiment=johnson`", run(f"{name}/johnson", ["experiment=johnson", *overrides]))
    return table(f"{content} x {style}", [johnson, *rows(name, overrides)])


def quoted(key: str, path: Path | str) -> str:
    """The override `key=path`, quoted for Hydra."""
    escaped = str(path).replace("'", "\\'")
    return f"{key}='{escaped}'"


def rows(name: str, overrides: Sequence[str]) -> Iterator[Row]:
    """One row per value of `STEPS` and `WEIGHTS`."""
    for steps in STEPS:
        for weight in WEIGHTS:
            more = ["style.scale=1", f"loss.style.weight={weight}", f"steps={steps}"]
            yield row(f"style weight {weight}", run(f"{name}/{steps}_{weight}", [*overrides, *more]))


def row(what: str, record: dict[str, Any]) -> Row:
    """The row of a run's record."""
    metrics = record["metrics"]
    distances = metrics["style_distance"], metrics["content_distance"]
    return Row(what, record["full_size_equivalents"], record["seconds"], *distances)


def run(name: str, overrides: Sequence[str]) -> dict[str, Any]:
    """The record of a run; a finished run is not repeated."""
    folder = f"{FOLDER}/{name}"
    command = [sys.executable, "-m", "nst.run", *overrides, *COMMON, quoted("hydra.run.dir", folder)]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    return json.loads((ROOT / folder / "result.json").read_text(encoding="utf-8"))


def network() -> Network:
    """VGG19, also the metric network of the runs."""
    device.prepare()
    from nst.extractor.vgg19 import load_weights

    return load_weights(find("vgg19"))


def measured(result: Path, content: Path, style: Path) -> tuple[float, float]:
    """(style distance, content distance) of a published picture.

    Raises:
        InputError: a picture is missing.
    """
    from nst.image.io import read_image
    from nst.metrics import measure_picture
    from nst.style import Style

    picture = read_image(result)
    height, width = picture.shape[1:3]
    found = measure_picture(
        network(),
        picture,
        read_image(content, (height, width)),
        [Style(read_image(style, max(height, width)))],
    )
    return found["style_distance"], found["content_distance"]


def table(title: str, lines: Sequence[Row]) -> str:
    """A section of the page."""
    head = "| | full-size equivalents | seconds | style distance | content distance |\n|---|---|---|---|---|"
    return "\n".join([f"## {title}\n", head, *(line.text() for line in lines)])


if __name__ == "__main__":
    sys.exit(main())
