"""Paint the bundled style pictures: python scripts/art/paint_styles.py [NAME ...] [--size 1024] [--out FOLDER]

Each painting is a package of `paintings` with a function `paint(long_side, seed)`; the package gives the name.
"""

import argparse
import difflib
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

import paintings
from jpeg import encode

OUT = Path(__file__).resolve().parents[2] / "nst" / "bundled" / "pictures"
SEED = 1889
MAX_BYTES = 500_000
MIN_SIZE = 16

Paint = Callable[[int, int], Image.Image]


def main(arguments: Sequence[str] | None = None) -> int:
    """Paint the named pictures, or all. The exit status is 2 if a name is unknown."""
    options = _parse(arguments)
    known = find_paintings()
    for name in options.names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            print(f"unknown painting {name!r}; the nearest name is {nearest!r}", file=sys.stderr)
            return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or known:
        start = time.perf_counter()
        try:
            data = encode(known[name](options.size, SEED), MAX_BYTES, subsampling="4:4:4")
        except ValueError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 2
        path = options.out / f"{name}.jpg"
        path.write_bytes(data)
        print(f"{path.name}: {len(data) / 1000:.0f} KB, {time.perf_counter() - start:.1f} s")
    return 0


def find_paintings() -> dict[str, Paint]:
    """{name: function} of all paintings, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(paintings.__path__))
    return {name: importlib.import_module(f"paintings.{name}").paint for name in names}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Paint the bundled style pictures.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="paintings to paint (default: all)")
    parser.add_argument("--size", type=_size, default=1024, help="long side in pixels (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the JPEG files (default: the bundled one)")
    return parser.parse_args(arguments)


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) < MIN_SIZE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of pixels from {MIN_SIZE} up")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
