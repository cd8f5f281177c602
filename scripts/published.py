"""docs/published.md anew: the default settings beside pictures that others published, all measured by nst with VGG19:

python scripts/published.py --photographs FOLDER --published FOLDER

Neither folder is part of nst. `--photographs` has the content and style pictures of `PAIRS`, like tubingen.jpg;
`--published` has the results, like tubingen_scream.png. Runs lie in outputs/sweeps/published; what is done there is not
run again.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import machine
from nst import device
from nst.errors import InputError
from nst.extractor.imagenet import find

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "published.md"
FOLDER = "outputs/sweeps/published"
PAIRS = {
    ("tubingen", "the_scream"): "tubingen_scream",
    ("golden_gate", "the_scream"): "golden_gate_scream",
    ("tubingen", "seated_nude"): "tubingen_seated_nude",
}
"""{(content, style): the published picture}, by jcjohnson/neural-style."""
OWN = [
    ("harbor", "starry_night"),
    ("cat", "ink"),
    ("astronaut", "mosaic"),
    ("coffee", "great_wave"),
    ("rocket", "water_lilies"),
]
WEIGHTS = (2, 4, 8, 16)
BUDGETS = {"20": "steps=114", "40": "steps=null"}
"""{full-size equivalents: what asks for them at 512 pixels}."""


@dataclass(frozen=True)
class Row:
    """A line of a table."""

    what: str
    equivalents: float | None  # None: as the author tells it
    seconds: float
    style: float
    content: float

    def text(self) -> str:
        """The line in Markdown."""
        work = "about 1000 |" if self.equivalents is None else f"{self.equivalents:.0f} | {self.seconds:.0f}"
        return f"| {self.what} | {work} | {self.style:.3f} | {self.content:.3f} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of the pictures of the published pairs")
    parser.add_argument("--published", type=Path, required=True, help="folder of the published results")
    parser.add_argument("--own", action="store_true", help="add pairs of nst's own, beside experiment=johnson: hours")
    options = parser.parse_args(arguments)
    try:
        blocks = [HEAD.format(weights=find("vgg19").origin, machine=machine())]
        for (content, style), name in PAIRS.items():
            pictures = [(options.photographs / f"{part}.jpg").resolve() for part in (content, style)]
            chosen = [f"content.image={pictures[0]}", f"style.image={pictures[1]}"]
            published = Row("published", None, 0, *measured(options.published / f"{name}.png", *pictures))
            blocks.append(table(f"{content} x {style}", [published, *rows(f"{content}_{style}", chosen)]))
        for content, style in OWN if options.own else ():
            chosen, name = [f"content={content}", f"style={style}"], f"{content}_{style}"
            johnson = row("`experiment=johnson`", run(f"{name}/johnson", ["experiment=johnson", *chosen]))
            blocks.append(table(f"{content} x {style}", [johnson, *rows(name, chosen)]))
    except (InputError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    PAGE.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    print(PAGE.relative_to(ROOT))
    return 0


HEAD = """# Beside published pictures

Style and content distance ([what they mean](../nst/metrics.py); lower is nearer) at 512 pixels, measured with VGG19
({weights}). The published pictures are results that jcjohnson/neural-style shows, made with about 1,000 evaluations of
L-BFGS at full size. nst's are made with the default settings at `style.scale=1`, for several style weights. A full-size
equivalent is the work of one evaluation at full size. Seconds are those in steps, on {machine}.

`python scripts/published.py --photographs FOLDER --published FOLDER` makes this page, with `--own` for pairs of nst's
own beside `experiment=johnson`. The photographs are not part of nst."""


def rows(name: str, chosen: Sequence[str]) -> Iterator[Row]:
    """The default's neighbours in style weight, at each budget."""
    for budget, steps in BUDGETS.items():
        for weight in WEIGHTS:
            record = run(f"{name}/{budget}_{weight}", [*chosen, "style.scale=1", f"loss.style.weight={weight}", steps])
            yield row(f"style weight {weight}", record)


def row(what: str, record: dict[str, Any]) -> Row:
    """A run's line."""
    metrics = record["metrics"]
    distances = metrics["style_distance"], metrics["content_distance"]
    return Row(what, record["full_size_equivalents"], record["seconds"], *distances)


def run(name: str, overrides: Sequence[str]) -> dict[str, Any]:
    """The record of a run, done now unless it was before."""
    folder = f"{FOLDER}/{name}"
    common = ["extractor=vgg19", "observers=quiet", f"hydra.run.dir={folder}"]
    subprocess.run([sys.executable, "-m", "nst.run", *overrides, *common], cwd=ROOT, check=True)  # noqa: S603
    return json.loads((ROOT / folder / "result.json").read_text(encoding="utf-8"))


def measured(result: Path, content: Path, style: Path) -> tuple[float, float]:
    """(style distance, content distance) of a picture that somebody else made.

    Raises:
        InputError: a picture is missing.
    """
    device.prepare()
    from nst import image
    from nst.extractor.vgg19 import load_weights
    from nst.metrics import measure_picture
    from nst.style import Style

    picture = image.read(result)
    height, width = picture.shape[1:3]
    found = measure_picture(
        load_weights(find("vgg19")),
        picture,
        image.read(content, (height, width)),
        [Style(image.read(style, max(height, width)))],
    )
    return found["style_distance"], found["content_distance"]


def table(title: str, lines: Sequence[Row]) -> str:
    """A section of the page."""
    head = "| | full-size equivalents | seconds | style distance | content distance |\n|---|---|---|---|---|"
    return "\n".join([f"## {title}\n", head, *(line.text() for line in lines)])


if __name__ == "__main__":
    sys.exit(main())
