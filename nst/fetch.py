"""python -m nst.fetch [NAME ...] : fill the caches, so that runs need no network; list what is there, and check it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nst import logs
from nst.assets import unreachable
from nst.assets.find import catalogue, find
from nst.errors import InputError, check_name
from nst.extractor import imagenet


class Held(NamedTuple):
    """A file that is on this machine."""

    path: Path
    origin: str


Source = Callable[[], Held]


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole command; its exit status: 0 all is there, 1 something is not, 2 an unknown name."""
    parser = argparse.ArgumentParser(prog="python -m nst.fetch", description=__doc__)
    known = list(sources())
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"default: {', '.join(default())}; all: {', '.join(known)}"
    )
    parser.add_argument("--check", action="store_true", help="download nothing; check what is there by its checksum")
    options = parser.parse_args(arguments)
    logs.to_console()
    try:
        for name in options.names:
            check_name("name", name, known)
        return fetch(options.names or default(), check=options.check)
    except InputError as error:
        print(f"nst: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        return 130


def default() -> list[str]:
    """What a run with the default settings may want to download."""
    return ["vgg19", *(name for name in sources() if name in catalogue())]


def sources() -> dict[str, Source]:
    """{name: what finds or fetches it}: weights, and every picture that has an address."""
    pictures = [name for name, entry in catalogue().items() if "address" in entry["sources"][0]]
    return {
        "vgg19": lambda: _weights(imagenet.find("vgg19")),
        "vgg19-exact": lambda: _weights(imagenet.find("vgg19", exact=True)),
        "vgg16": lambda: _weights(imagenet.find("vgg16")),
        **{name: partial(_picture, name) for name in pictures},
    }


def _weights(found: imagenet.Weights) -> Held:
    return Held(found.path, f"{found.origin} ({found.licence})")


def _picture(name: str) -> Held:
    found = find(name, fallback=False)
    return Held(found.path, found.credit)


def fetch(names: Sequence[str], *, check: bool) -> int:
    """Fetch what is missing of `names`, or only `check` it, and print what is there; the exit status."""
    if check:
        os.environ["NST_OFFLINE"] = "1"
    else:
        unreachable.forget()
    missing = 0
    for name in names:
        try:
            held = sources()[name]()
        except InputError as error:
            missing += 1
            _print(name, "missing", str(error))
        else:
            _print(name, f"{held.path.stat().st_size / 1e6:.1f} MB  {held.path}", held.origin)
    return 1 if missing else 0


def _print(name: str, *lines: str) -> None:
    for title, line in zip((name, ""), lines, strict=True):
        print(f"{title:<14}{line}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
