"""Fetch, list and check the files that runs may download."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nst.assets import unreachable
from nst.assets.find import catalogue, find
from nst.assets.unreachable import UnreachableError
from nst.errors import InputError
from nst.extractor import imagenet


class Held(NamedTuple):
    """A file on this machine, with its source or credit."""

    path: Path
    origin: str


Getter = Callable[[], Held]


def default() -> list[str]:
    """Return the names of all files that a run with default settings may download."""
    return ["vgg19", *_pictures()]


def sources() -> dict[str, Getter]:
    """Return {name: function that finds or fetches the file}, for weights and every picture with an address."""
    return {
        "vgg19": lambda: _held(_vgg19()),
        "vgg19-exact": lambda: _held(imagenet.find("vgg19", exact=True)),
        "vgg16-exact": lambda: _held(imagenet.find("vgg16")),
        **{name: partial(_picture, name) for name in _pictures()},
    }


def _pictures() -> list[str]:
    return [name for name, entry in catalogue().items() if "address" in entry["sources"][0]]


def _vgg19() -> imagenet.Weights:
    """Find or fetch VGG19's weights in a cache; an installed package comes last, since it cannot be shared."""
    if cached := imagenet.KERAS["vgg19"].cached():
        return cached
    try:
        return imagenet.fetch_packed()
    except UnreachableError:
        return imagenet.find("vgg19")


def _held(found: imagenet.Weights) -> Held:
    return Held(found.path, f"{found.origin} ({found.license})")


def _picture(name: str) -> Held:
    found = find(name, fallback=False)
    return Held(found.path, found.credit)


def fetch(names: Sequence[str]) -> int:
    """Fetch the missing files of `names`, print all of them, and return the exit status: 1 if any is missing."""
    unreachable.forget()
    return _list(names, explain=True)


def check(names: Sequence[str]) -> int:
    """Print the files of `names` without a download, and return the exit status: 1 if any is missing."""
    with unreachable.forbidden():
        return _list(names, explain=False)


def _list(names: Sequence[str], *, explain: bool) -> int:
    """Print each file of `names`, and with `explain` why it is missing; return 1 if any is missing, else 0."""
    known, missing = sources(), 0
    for name in names:
        try:
            _show(name, known[name]())
        except InputError as error:
            missing = 1
            _print(name, "missing")
            if explain:
                _print("", str(error))
    return missing


def _show(name: str, held: Held) -> None:
    _print(name, f"{held.path.stat().st_size / 1e6:.1f} MB  {held.path}")
    _print("", held.origin)


def _print(name: str, text: str) -> None:
    print(f"{name:<14}{text}")  # noqa: T201
