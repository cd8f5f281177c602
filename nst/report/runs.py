"""Find and read the runs in folders, finished or not."""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nst import bounded, settings
from nst.errors import printable
from nst.redaction import redacted, redacted_data
from nst.runner.folder import CONFIG, OVERRIDES, PICTURE, RESULT
from nst.runner.recorded import CONFIG as CONFIG_SHAPE
from nst.runner.recorded import NOTES, TAG, checked, checked_record
from nst.runner.recorded import OVERRIDES as OVERRIDES_SHAPE
from nst.runtime import lock
from nst.runtime.data_files import read_text
from nst.state import Metric

HISTORY = "history.csv"
MOST_TAGS = 64  # of a run
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
    tags: tuple[str, ...] = ()
    notes: str = ""  # in one line
    baseline: str = ""  # the setting with which its command compares the others; empty: the first

    @property
    def error(self) -> str:
        """The recorded error, in one line; empty if there is none."""
        return str(self.record.get("error") or "")

    @property
    def pair(self) -> str:
        """The name of its pair in a suite; empty without a suite."""
        name = self.settings.get("pair")
        return "" if name in (None, "null") else str(name)

    @cached_property
    def picture(self) -> Path | None:
        """The path of the result; None if there is none. A link does not count: it could lead to any picture."""
        path = self.folder / PICTURE
        return path if path.is_file() and not path.is_symlink() else None

    @property
    def picture_sha256(self) -> str:
        """The recorded SHA-256 of the result; empty if there is none."""
        return (self.record.get("files") or {}).get(PICTURE, "")

    @property
    def pictures(self) -> dict[str, Mapping[str, Any]]:
        """{role: record of a source picture}, the content first."""
        return dict(self.record.get("provenance", {}).get("pictures", {}))

    @property
    def pair_sha256(self) -> dict[str, str]:
        """{role: recorded SHA-256} of content and style pictures and their masks, without others, like that of init."""
        return {
            role: str(entry.get("sha256"))
            for role, entry in self.pictures.items()
            if re.split(r"\W", role)[0] in ("content", "style")
        }

    @property
    def metric_network(self) -> str:
        """Name and first 12 digits of the checksum of its metric network."""
        metrics = self.record.get("metrics") or {}
        return " ".join(filter(None, (str(metrics.get("network", "")), str(metrics.get("network_sha256", ""))[:12])))

    @property
    def measured_with(self) -> tuple[str, ...]:
        """Network, layers, and content and style of its metrics; only runs with equal values can be ranked."""
        return (*self.measured_by, *self.pair_sha256.values())

    @cached_property
    def measured_by(self) -> tuple[str, ...]:
        """Network and layers of its metrics; only values that are measured by the same can be subtracted."""
        metrics = self.record.get("metrics") or {}
        keys = ("network", "network_sha256", "style_layers", "content_layer")
        return tuple(json.dumps(metrics.get(key)) for key in keys)

    def figure(self, name: str) -> float | None:
        """Return one of `FIGURES`; None if it was not measured or is not a finite number."""
        value = (self.record.get("metrics") or {}).get(name) if name in METRICS else self.record.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return None
        return value


def find(folders: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """Find the runs in `folders` at any depth, sorted by name; also return one line for each problem."""
    found: dict[Path, None] = {}
    problems: list[str] = []
    for folder in folders:
        here = sorted(run_folders(folder), key=_natural)
        if not here:
            problems.append(f"{folder}: {'no run in it' if folder.is_dir() else 'there is no such folder'}")
        found |= dict.fromkeys(path.resolve() for path in here)
    base = Path(os.path.commonpath(list(found))) if found else Path()
    runs = []
    for folder in found:
        try:
            runs.append(_read(folder, folder.relative_to(base).as_posix() if folder != base else folder.name))
        except OSError as error:
            problems.append(f"{folder}: its record cannot be read ({error.strerror or error})")
        except bounded.DataError as error:
            problems.append(f"{folder}: its record cannot be read ({error})")
    return runs, [printable(problem) for problem in problems]


def run_folders(top: Path) -> Iterator[Path]:
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
    """Read a run; its files are not followed if they are links, which could lead outside of the run.

    Raises:
        OSError, DataError: a file cannot be read, or is not what nst writes.
    """
    text = _text(folder / RESULT)
    record = _redacted(checked_record(bounded.from_json(text, RESULT), RESULT)) if text else {}
    config = redacted_data(_yaml(folder / CONFIG, CONFIG_SHAPE) or {})
    overrides = redacted_data(record.get("overrides") or _yaml(folder / OVERRIDES, OVERRIDES_SHAPE) or [])
    knobs = settings.compared(config, settings.chosen(config, record.get("choices") or {}, overrides))
    status = str(record.get("status") or ("running" if lock.held(folder / lock.NAME) else "unfinished"))
    score = tuple(name for name in config.get("score") or () if name in METRICS)
    notes, baseline = (_line(config.get(key), NOTES) for key in ("notes", "baseline"))
    return Run(folder, name, record, knobs, overrides, status, score, _tags(config.get("tags")), notes, baseline)


def _tags(value: object) -> tuple[str, ...]:
    """The different tags of a config, at most `MOST_TAGS`."""
    return tuple(dict.fromkeys(_line(tag, TAG) for tag in value[:MOST_TAGS])) if isinstance(value, list) else ()


def _line(value: object, most: int) -> str:
    """At most `most` characters of a text of a config as one line; empty for null."""
    return "" if value is None else printable(str(value)[:most]).strip()[:most]


def _redacted(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without secrets, also if another version of nst wrote it; its error is a message."""
    error = record.get("error")
    return {**redacted_data(record), **({"error": redacted(error)} if isinstance(error, str) else {})}


def _yaml(path: Path, shape: Any) -> Any:
    """Return the value of a YAML file of a run; None if it is missing or empty."""
    value = bounded.from_yaml(_text(path), path.name)
    return None if value is None else checked(value, shape, path.name)


def _text(path: Path) -> str:
    """Return the text of a file of a run; empty if it is missing."""
    return read_text(path, follow=False) if os.path.lexists(path) else ""
