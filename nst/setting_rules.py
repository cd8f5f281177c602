"""What each key of the config counts for: a run's identity, its folder's name, the report's comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PRUNE_KEY = "observers.prune"
"""Where a search puts its observer; it is not part of the run's record."""


@dataclass(frozen=True)
class Rule:
    """What a key of the config counts for.

    Args:
        identity: a run with another value is another run: it gets another picture.
        named: a sweep over it names the folders of its runs.
        compared: the report compares runs by it.
    """

    identity: bool
    named: bool
    compared: bool


PICTURE_KEY = Rule(identity=True, named=True, compared=True)
RULES = {
    "content": PICTURE_KEY,
    "style": PICTURE_KEY,
    "extractor": PICTURE_KEY,
    "extractor.convolution": Rule(identity=False, named=True, compared=True),  # as it was resolved
    "loss": PICTURE_KEY,
    "optimizer": PICTURE_KEY,
    "init": PICTURE_KEY,
    "color": PICTURE_KEY,
    "pyramid": PICTURE_KEY,
    "size": PICTURE_KEY,
    "steps": PICTURE_KEY,
    "seed": PICTURE_KEY,
    "jitter": PICTURE_KEY,
    "stop": PICTURE_KEY,
    "fallback": PICTURE_KEY,
    "precision": Rule(identity=False, named=True, compared=True),  # as it was resolved
    "observers": Rule(identity=False, named=True, compared=False),
    PRUNE_KEY: Rule(identity=False, named=False, compared=False),
    "threads": Rule(identity=False, named=True, compared=False),
    "checkpoint": Rule(identity=False, named=True, compared=False),
    "metrics": Rule(identity=False, named=True, compared=False),
    "metrics.network": Rule(identity=False, named=False, compared=False),
    "score": Rule(identity=False, named=False, compared=False),
    "output": Rule(identity=True, named=True, compared=False),
    "output.folder": Rule(identity=False, named=True, compared=False),
    "sweep_dir": Rule(identity=False, named=False, compared=False),
    "sweep": Rule(identity=False, named=False, compared=True),  # a group of whole configs
    "experiment": PICTURE_KEY,  # likewise
}
"""{key: its rule}; a key inside of one that has no rule of its own follows that of the key above it."""


def rule(key: str) -> Rule:
    """The rule of a key by its dotted name, or by a group's name with slashes; `PICTURE_KEY` for an unknown one."""
    parts = key.replace("/", ".").partition("@")[0].split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((RULES[name] for name in names if name in RULES), PICTURE_KEY)


def identity_part(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`config` less the keys that do not enter a run's identity."""
    found = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if rule(name).identity:
            found[key] = identity_part(value, f"{name}.") if isinstance(value, Mapping) else value
    return found
