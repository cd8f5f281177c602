"""Named configs in conf/, and those among them that sweep over one setting."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from nst import settings
from nst.cli import remarks


@dataclass(frozen=True)
class NamedConfig:
    """A file that `python -m nst.run GROUP=NAME` runs."""

    group: str
    name: str
    about: str
    params: tuple[tuple[str, str], ...]  # (setting, its values), as the sweeper gets them
    builds_on: tuple[str, ...]  # groups whose choice it overrides

    @property
    def override(self) -> str:
        """The override that selects it."""
        return f"{self.group}={self.name}"


@dataclass(frozen=True)
class Sweep:
    """A named config that varies one setting over a list of values."""

    named: NamedConfig
    knob: str
    values: tuple[str, ...]

    def labels(self, groups: Collection[str]) -> list[str]:
        """The label of each picture."""
        return [label(self.knob, value, groups) for value in self.values]

    def section(self, groups: Collection[str]) -> str:
        """The group of the varied setting; "" for a top-level setting, `experiment` for a sweep of an experiment."""
        if "experiment" in self.named.builds_on:
            return "experiment"
        homes = [group for group in groups if f"{self.knob}.".startswith(f"{group}.".replace("/", "."))]
        return self.knob if self.knob in groups else max(homes, key=len, default="")


def named_configs(conf: Path) -> list[NamedConfig]:
    """All named configs, by group and name."""
    texts = {(file.parent.name, file.stem): file.read_text() for file in sorted(conf.glob("*/*.yaml"))}
    return [named(*place, text) for place, text in texts.items() if text.startswith(remarks.GLOBAL)]


def named(group: str, name: str, text: str) -> NamedConfig:
    """Read one named config."""
    content: dict[str, Any] = yaml.safe_load(text) or {}
    params = content.get("hydra", {}).get("sweeper", {}).get("params", {})
    builds_on = [key for item in content.get("defaults", ()) if isinstance(item, dict) for key in item]
    others = tuple(key.removeprefix("override ").lstrip("/") for key in builds_on)
    return NamedConfig(
        group, name, remarks.summary(text), tuple((key, str(value)) for key, value in params.items()), others
    )


def sweeps(found: Sequence[NamedConfig]) -> list[Sweep]:
    """The named configs that vary one setting over a list of at least two values."""
    candidates = [Sweep(one, one.params[0][0], values(*one.params[0])) for one in found if len(one.params) == 1]
    return [sweep for sweep in candidates if len(sweep.values) > 1]


def values(knob: str, listed: str) -> tuple[str, ...]:
    """The values of a list like `a,b,c`, as the sweeper splits it; () for anything else."""
    (override,) = OverridesParser.create().parse_overrides([f"{knob}={listed}"])
    return tuple(override.sweep_string_iterator()) if override.is_discrete_sweep() else ()


def label(knob: str, value: str, groups: Collection[str]) -> str:
    """The label of a value, like `weight 8`; choices and lists of names have no prefix."""
    plain = yaml.safe_load(value)
    text = settings.displayed(yaml.safe_dump(plain, default_flow_style=True).strip() if plain is None else _flat(plain))
    names = knob in groups or (isinstance(plain, list) and all(isinstance(item, str) for item in plain))
    return text if names else f"{knob.rpartition('.')[2]} {text}"


def _flat(value: Any) -> Any:
    return next(iter(settings.flatten({"value": value}).values()))
