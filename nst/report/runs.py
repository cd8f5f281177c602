"""Find and read the runs in folders, finished or not."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from nst import settings
from nst.runner.folder import CONFIG, OVERRIDES, PICTURE, RESULT
from nst.runtime import lock
from nst.state import Metric

HISTORY = "history.csv"
METRICS = tuple(metric.value for metric in Metric)
FIGURES = (
    *METRICS,
    "loss",
    "evaluations",
    "full_size_equivalents",
    "seconds",
    "seconds_per_evaluation",
    "peak_memory_mib",
)
"""Numbers of a record that a report displays."""


@dataclass(frozen=True, eq=False)
class Run:
    """One run folder: its settings and its record."""

    folder: Path
    name: str  # unique in a report
    record: Mapping[str, Any]  # contents of result.json; empty if there is none
    settings: Mapping[str, settings.Value]
    overrides: Sequence[str]
    status: str  # done, interrupted, pruned, diverged, failed; without result.json: running or unfinished
    score: tuple[str, ...] = ()  # the metrics that it returns to a sweeper

    @property
    def error(self) -> str:
        """The recorded error, in one line; empty if there is none."""
        return str(self.record.get("error") or "")

    @cached_property
    def picture(self) -> Path | None:
        """The path of the result; None if there is none."""
        path = self.folder / PICTURE
        return path if path.is_file() else None

    @property
    def pictures(self) -> dict[str, Mapping[str, Any]]:
        """{role: record of a source picture}, the content first."""
        return dict(self.record.get("provenance", {}).get("pictures", {}))

    @property
    def metric_network(self) -> str:
        """Name and first 12 digits of the checksum of its metric network."""
        metrics = self.record.get("metrics") or {}
        return " ".join(filter(None, (str(metrics.get("network", "")), str(metrics.get("network_sha256", ""))[:12])))

    @property
    def measured_with(self) -> tuple[Any, ...]:
        """Network, layers and source pictures of its metrics; only runs with equal values can be ranked."""
        metrics = self.record.get("metrics") or {}
        keys = ("network", "network_sha256", "style_layers", "content_layer")
        return (
            *(json.dumps(metrics.get(key)) for key in keys),
            *(str(picture.get("sha256")) for picture in self.pictures.values()),
        )

    def figure(self, name: str) -> float | None:
        """Return one of `FIGURES`; None if it was not measured."""
        value = (self.record.get("metrics") or {}).get(name) if name in METRICS else self.record.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def cost(self, metric: Metric) -> float | None:
        """Return a metric, negated where necessary so that lower is better."""
        value = self.figure(metric.value)
        return -value if value is not None and metric.direction == "maximize" else value


def find(folders: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """Find the runs in `folders` at any depth, sorted by name; also return one line for each problem."""
    found: dict[Path, None] = {}
    problems: list[str] = []
    for folder in folders:
        here = sorted(_folders(folder), key=_natural)
        if not here:
            problems.append(f"{folder}: {'no run in it' if folder.is_dir() else 'there is no such folder'}")
        found |= dict.fromkeys(path.resolve() for path in here)
    base = Path(os.path.commonpath(list(found))) if found else Path()
    runs = []
    for folder in found:
        try:
            runs.append(_read(folder, str(folder.relative_to(base)) if folder != base else folder.name))
        except (OSError, ValueError, yaml.YAMLError, AttributeError, TypeError) as error:
            problems.append(f"{folder}: its record cannot be read ({str(error).splitlines()[0]})")
    return runs, problems


def _folders(top: Path) -> Iterator[Path]:
    """Yield the run folders at or below `top`, without searching inside run folders or following links."""
    for path, names, files in os.walk(top):
        if RESULT in files or (CONFIG in files and OVERRIDES in files):
            names.clear()
            yield Path(path)


def _natural(path: Path) -> list[tuple[float, str]]:
    """Return a sort key that orders numbers in names by value."""
    parts = re.split(r"(\d+(?:\.\d+)?)", str(path))  # text and numbers alternate
    return [(float(part), "") if index % 2 else (0.0, part) for index, part in enumerate(parts)]


def _read(folder: Path, name: str) -> Run:
    record = _checked(json.loads(text)) if (text := _text(folder / RESULT)) else {}
    config = yaml.load(_text(folder / CONFIG) or "{}", YAML)  # noqa: S506  a safe loader, in C if available
    overrides = record.get("overrides") or yaml.load(_text(folder / OVERRIDES) or "[]", YAML)  # noqa: S506
    knobs = settings.compared(config, record.get("choices") or {})
    status = str(record.get("status") or ("running" if lock.held(folder / lock.NAME) else "unfinished"))
    score = tuple(name for name in config.get("score") or () if name in METRICS)
    return Run(folder, name, record, knobs, [str(text) for text in overrides], status, score)


def _checked(record: Any) -> dict[str, Any]:
    """Return the contents of result.json if they have the structure of a record.

    Raises:
        ValueError: they do not.
    """
    if not isinstance(record, dict) or not isinstance(record.get("status"), str):
        raise ValueError(f"{RESULT} has no status")
    provenance = record.get("provenance", {})
    parts = {"choices": record.get("choices", {}), "metrics": record.get("metrics") or {}, "provenance": provenance}
    parts |= {kind: record.get(kind) or {} for kind in ("weighted", "canonical")}
    parts |= {f"{kind}.{term}": values for kind in ("weighted", "canonical") for term, values in parts[kind].items()}
    pictures = parts["pictures"] = provenance.get("pictures", {})
    parts |= {f"pictures.{role}": entry for role, entry in pictures.items()}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise ValueError(f"{RESULT}: {name} is not a mapping")
    return record


YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
