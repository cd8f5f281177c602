"""The files of conf/ that are commands of their own, and what those that vary one knob vary."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from knobs_page import reading
from nst import settings


@dataclass(frozen=True)
class NamedConfig:
    """A file that `python -m nst.run GROUP=NAME` runs."""

    group: str
    name: str
    about: str
    params: tuple[tuple[str, str], ...]  # (knob, its values) as the sweeper is told them
    builds_on: tuple[str, ...]  # groups in which it takes another choice than the default

    @property
    def override(self) -> str:
        """What asks for it."""
        return f"{self.group}={self.name}"


@dataclass(frozen=True)
class Sweep:
    """A named config that varies one knob over a list of values."""

    named: NamedConfig
    knob: str
    values: tuple[str, ...]

    def labels(self, groups: Collection[str]) -> list[str]:
        """What stands over each picture."""
        return [label(self.knob, value, groups) for value in self.values]

    def section(self, groups: Collection[str]) -> str:
        """The group whose knob is varied; "" for a knob of none, `experiment` for a sweep of an experiment."""
        if "experiment" in self.named.builds_on:
            return "experiment"
        homes = [group for group in groups if f"{self.knob}.".startswith(f"{group}.".replace("/", "."))]
        return self.knob if self.knob in groups else max(homes, key=len, default="")


def named_configs(conf: Path) -> list[NamedConfig]:
    """All of them, by group and name."""
    texts = {(file.parent.name, file.stem): file.read_text() for file in sorted(conf.glob("*/*.yaml"))}
    return [named(*place, text) for place, text in texts.items() if text.startswith(reading.GLOBAL)]


def named(group: str, name: str, text: str) -> NamedConfig:
    """What one file says."""
    content: dict[str, Any] = yaml.safe_load(text) or {}
    params = content.get("hydra", {}).get("sweeper", {}).get("params", {})
    builds_on = [key for item in content.get("defaults", ()) if isinstance(item, dict) for key in item]
    others = tuple(key.removeprefix("override ").lstrip("/") for key in builds_on)
    return NamedConfig(
        group, name, reading.told(text), tuple((key, str(value)) for key, value in params.items()), others
    )


def sweeps(found: Sequence[NamedConfig]) -> list[Sweep]:
    """Those that vary one knob, and that over listed values."""
    candidates = [Sweep(one, one.params[0][0], values(*one.params[0])) for one in found if len(one.params) == 1]
    return [sweep for sweep in candidates if len(sweep.values) > 1]


def values(knob: str, listed: str) -> tuple[str, ...]:
    """What a sweeper makes of `a,b,c`; nothing where it is no list."""
    (override,) = OverridesParser.create().parse_overrides([f"{knob}={listed}"])
    return tuple(override.sweep_string_iterator()) if override.is_discrete_sweep() else ()


def label(knob: str, value: str, groups: Collection[str]) -> str:
    """`weight 8`; a choice or a list of names speaks for itself."""
    plain = yaml.safe_load(value)
    text = settings.displayed(yaml.safe_dump(plain, default_flow_style=True).strip() if plain is None else _flat(plain))
    names = knob in groups or (isinstance(plain, list) and all(isinstance(item, str) for item in plain))
    return text if names else f"{knob.rpartition('.')[2]} {text}"


def _flat(value: Any) -> Any:
    return next(iter(settings.flatten({"value": value}).values()))
