"""Rules of the config's keys: which count for a run's identity, its folder name, and the comparison of runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PICTURES = ("content", "content.image", "content.mask", "style", "style.image", "style.images", "style.masks")
"""The keys that choose a run's pictures."""
REPLICATED = (*PICTURES, "pair", "seed")
"""The keys in which runs of one setting may differ."""
OF_A_SWEEP: dict[str, Any] = {"pairs": {}, "replicates": None, "ablate": []}
"""The keys that make several runs, with their defaults, which each of these runs records."""
PRUNE_KEY = "observers.prune"
"""The key under which a search adds its observer."""
NOT_RECORDED = (PRUNE_KEY, "observers.profile")
"""Observers that the run's record does not contain, because they serve the command, not the picture."""


@dataclass(frozen=True)
class Rule:
    """The uses of a key of the config.

    Args:
        identity: a run with another value is another run, because its picture differs.
        named: a sweep over the key puts its value into the names of the run folders.
        compared: the report, TensorBoard's HPARAMS page and a search compare runs by it.
    """

    identity: bool
    named: bool
    compared: bool


PICTURE_KEY = Rule(identity=True, named=True, compared=True)
RULES = {
    "content": PICTURE_KEY,
    "style": PICTURE_KEY,
    "extractor": PICTURE_KEY,
    "extractor.convolution": Rule(identity=False, named=True, compared=True),  # identity has the resolved value
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
    "tiles": Rule(identity=False, named=True, compared=False),  # identity has the chosen side
    "precision": Rule(identity=False, named=True, compared=True),  # identity has the resolved value
    "observers": Rule(identity=False, named=True, compared=False),
    PRUNE_KEY: Rule(identity=False, named=False, compared=False),
    "threads": Rule(identity=False, named=True, compared=False),
    "eager": Rule(identity=False, named=True, compared=False),  # identity has it if it is true
    "traceback": Rule(identity=False, named=False, compared=False),
    "checkpoint": Rule(identity=False, named=True, compared=False),
    "metrics": Rule(identity=False, named=True, compared=False),
    "metrics.network": Rule(identity=False, named=False, compared=False),
    "replicates": Rule(identity=False, named=False, compared=False),  # named one by one, by `seed`
    "pair": Rule(identity=False, named=True, compared=True),  # identity has the pictures
    "pairs": Rule(identity=False, named=False, compared=False),  # named one by one, by `pair`
    "ablate": Rule(identity=False, named=False, compared=False),  # a run has at most one of the changes as an override
    "baseline": Rule(identity=False, named=False, compared=False),
    "tags": Rule(identity=False, named=False, compared=False),
    "notes": Rule(identity=False, named=False, compared=False),
    "score": Rule(identity=False, named=False, compared=False),
    "output": Rule(identity=True, named=True, compared=False),
    "output.folder": Rule(identity=False, named=True, compared=False),
    "sweep_dir": Rule(identity=False, named=False, compared=False),
    "sweep": Rule(identity=False, named=False, compared=True),  # a group of named configs
    "suite": Rule(identity=False, named=False, compared=False),  # also a group of named configs
    "profile": Rule(identity=False, named=False, compared=False),  # also a group of named configs
    "debug": Rule(identity=False, named=True, compared=False),  # also a group of named configs
    "experiment": PICTURE_KEY,  # also a group of named configs
}
"""{key: its rule}. A nested key without a rule follows the rule of the key above it."""


def rule(key: str) -> Rule:
    """The rule of `key`, a dotted name or a group's name with slashes; `PICTURE_KEY` for an unknown key."""
    parts = key.replace("/", ".").partition("@")[0].split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((RULES[name] for name in names if name in RULES), PICTURE_KEY)


def of_a_command(key: str) -> bool:
    """Whether `key` says only how a command makes, compares or stores several runs."""
    return key.partition(".")[0] in (*OF_A_SWEEP, "suite", "baseline", "sweep_dir")


def identity_part(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`config` without the keys that do not count for a run's identity."""
    found = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if rule(name).identity:
            found[key] = identity_part(value, f"{name}.") if isinstance(value, Mapping) else value
    return found
