"""Suites: pairs of a content and a style, as `pairs` of a config lists them; `pair` names that of a run."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nst.assets.find import catalogue
from nst.errors import InputError, suggestion, unknown_key
from nst.runner.hydra_versions import register_resolver
from nst.runtime.home import expanded
from nst.setting_rules import PICTURES

ROLES = ("content", "style")
PARTS = (*ROLES, "mask")  # the mask of the content may be left out
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")  # of a pair
RESERVED = ("null", "true", "false", "nan", "inf")  # no texts in Hydra's overrides
PLACES = {"content.image": "content", "content.mask": "mask", "style.image": "style"}  # where a pair's parts go


def pairs(config: DictConfig) -> dict[str, dict[str, str]]:
    """`{name: {content, style, mask}}` of a config, checked; empty without a suite.

    Raises:
        InputError: a name is no word, a pair lacks a picture, or has an unknown key.
    """
    given = config.get("pairs") or {}
    if not isinstance(given, Mapping | DictConfig):
        raise InputError("pairs must be a mapping, like {cat_ink: {content: cat, style: ink}}")
    found: Any = OmegaConf.to_container(given, resolve=True) if isinstance(given, DictConfig) else given
    for name, pair in found.items():
        if not NAME.fullmatch(str(name)) or str(name).lower() in RESERVED:
            raise InputError(f"pairs: the name '{name}' must be a word of letters, digits, _ and -, like cat_ink")
        if not isinstance(pair, Mapping):
            raise InputError(f"pairs.{name} must be a pair of pictures, like {{content: cat, style: ink}}")
        if missing := next((role for role in ROLES if not pair.get(role)), None):
            raise InputError(f"pairs.{name} has no {missing}; a pair is like {{content: cat, style: ink}}")
        if unknown := next((key for key in pair if key not in PARTS), None):
            raise unknown_key(f"pairs.{name}.{unknown}", PARTS)
    return {str(name): {key: str(picture) for key, picture in pair.items() if picture} for name, pair in found.items()}


def check_pair(name: object, known: Mapping[str, Any]) -> None:
    """Raise InputError unless `name` is one of the suite's pairs."""
    if not known:
        raise InputError(f"pair={name} needs a suite, which has the pairs: add suite=quick, for example")
    if name not in known:
        raise InputError(f"pair '{name}' is not in this suite{suggestion(name, known)}")


def check_pictures(config: DictConfig, overrides: Sequence[str]) -> None:
    """Check that the suite alone chooses the pictures, and that its files exist.

    Args:
        config: of the sweep.
        overrides: `key=value`, of the command and of a named sweep.

    Raises:
        InputError: an override chooses a picture, too, the style has several pictures, or a file does not exist. The
            pictures of an experiment are replaced.
    """
    suite = pairs(config)
    if not suite:
        return
    for text in overrides:
        if text.partition("=")[0].lstrip("+") in PICTURES:
            raise InputError(f"the suite chooses the pictures; leave out {text}, or the suite")
    _check_places(config)
    for name, pair in suite.items():
        for part, picture in pair.items():
            _check_exists(f"pairs.{name}.{part}", picture)


def _check_places(config: DictConfig) -> None:
    """Raise InputError unless the pictures of a config are those of its pair."""
    if "images" in config.style:
        raise InputError("a suite gives each run one style, but style=blend has several; leave one of them out")
    for place, part in PLACES.items():
        group, _, key = place.partition(".")
        given: Any = OmegaConf.to_container(config[group], resolve=False)
        if given.get(key) != f"${{nst.pair:{part}}}":
            raise InputError(
                f"{place} is not that of the pair: a suite has /pairs in its defaults, and nothing else sets a picture"
            )


def _check_exists(where: str, picture: str) -> None:
    """Raise InputError unless `picture` is a name of the catalogue, an address, or a path that exists."""
    if "://" in picture or picture in (names := catalogue()) or os.path.exists(expanded(picture)):  # noqa: PTH110
        return
    raise InputError(f"{where}: '{picture}' is neither a known name nor a file{suggestion(picture, names)}")


def picture(part: str, *, _root_: DictConfig) -> str | None:
    """A picture of the run's pair: its `content`, its `style`, or its `mask`, which may be None.

    Raises:
        InputError: the run has no pair, or the suite does not have it.
    """
    name, known = _root_.get("pair"), pairs(_root_)
    if name is None:
        raise InputError(f"a run of a suite needs its pair: add pair={next(iter(known), 'NAME')}")
    check_pair(name, known)
    return known[name].get(part)


def mode(*, _root_: DictConfig) -> str | None:
    """`MULTIRUN` for a config that has several runs by itself: pairs, replicates or changes; else None."""
    several = _root_.get("pairs") or _root_.get("ablate") or _root_.get("replicates") is not None
    return "MULTIRUN" if several else None


def register_resolvers() -> None:
    """Register `${nst.pair:PART}` and `${nst.mode:}` with OmegaConf."""
    register_resolver("nst.pair", picture)
    register_resolver("nst.mode", mode)
