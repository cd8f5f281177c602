"""Make the table and the pictures of docs/ablation.md: run sweep=ablation at 256 pixels (finished runs are skipped):

python scripts/ablation.py
python scripts/ablation.py --no-run             # only the table and the pictures, from the runs that are there
"""

import argparse
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from art.jpeg import encode
from knobs_page import ROOT
from knobs_page.strips import GAP, PAPER, Strip, draw
from nst.errors import InputError
from nst.image.io import read_image, to_uint8
from nst.report.groups import setting_names
from nst.report.runs import Run, find

SWEEP = Path("outputs/sweeps/ablation_256")
COMMAND = ("sweep=ablation", "size=256", "extractor=vgg19", "observers=quiet", f"sweep_dir={SWEEP}")
PAIRS = ("harbor_starry_night", "cat_ink", "astronaut_mosaic", "coffee_great_wave")
"""The pairs of suite=bundled whose pictures are shown."""
PAGE, STRIPS = ROOT / "docs/ablation.md", ROOT / "docs/ablation.jpg"
TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end of the table -->)", re.DOTALL)
NEW = """\
# What each part brings

![The base and each change alone, for four pairs](ablation.jpg)

<!-- table -->
<!-- end of the table -->
"""
MAX_BYTES = 900_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Write table and pictures. The exit status is 1 if a run failed, 2 if pictures are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-run", action="store_true", help="use the runs that are there")
    options = parser.parse_args(arguments)
    status = 0
    if not options.no_run:
        status = subprocess.run([sys.executable, "-m", "nst.run", *COMMAND], cwd=ROOT, check=False).returncode  # noqa: S603
    try:
        write(ROOT / SWEEP, PAGE, STRIPS)
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(PAGE.relative_to(ROOT), STRIPS.relative_to(ROOT))
    return min(status, 1)


def write(sweep: Path, page: Path, pictures: Path) -> None:
    """Write the report's table into `page`, which is made if it does not exist, and the strips to `pictures`.

    Raises:
        InputError: a pair of `PAIRS` has no picture.
        OSError: the sweep has no comparison.
    """
    runs, _ = find([sweep])
    pictures.write_bytes(encode(stacked([strip(runs, pair) for pair in PAIRS]), MAX_BYTES, progressive=True))
    lines = (sweep / "report/comparison.md").read_text(encoding="utf-8").strip().splitlines()
    table = "\n".join(line if line.startswith("|") else textwrap.fill(line, 120) for line in lines)
    text = page.read_text(encoding="utf-8") if page.is_file() else NEW
    page.write_text(TABLE.sub(lambda _: f"\n{table}\n\n", text), encoding="utf-8")


def strip(runs: Sequence[Run], pair: str) -> Image.Image:
    """The pictures of a pair, one per setting, with the first seed of each.

    Raises:
        InputError: there are none.
    """
    firsts: dict[str, Run] = {}
    for run, name in setting_names(runs).items():
        if run.pair == pair:
            firsts.setdefault(name, run)
    if not firsts:
        raise InputError(f"no finished run of the pair {pair}; python scripts/ablation.py makes them")
    results = [_open(run.folder / "result.png") for run in firsts.values()]
    first = next(iter(firsts.values()))
    sources = [_open(Path(str(source["path"])).expanduser()) for source in first.pictures.values()]
    return draw(Strip(list(firsts), results, sources), across=len(results))


def _open(path: Path) -> Image.Image:
    return Image.fromarray(to_uint8(read_image(path)))


def stacked(strips: Sequence[Image.Image]) -> Image.Image:
    """The strips, one below the other."""
    size = max(one.width for one in strips), sum(one.height + 2 * GAP for one in strips) - 2 * GAP
    sheet, top = Image.new("RGB", size, PAPER), 0
    for one in strips:
        sheet.paste(one, (0, top))
        top += one.height + 2 * GAP
    return sheet


if __name__ == "__main__":
    sys.exit(main())
