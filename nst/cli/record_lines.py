"""A run's record as lines for people: (name, text)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from nst.state import Metric

DIGITS = 12  # of a checksum
Line = tuple[str, str]


def work(record: Mapping[str, Any]) -> Iterator[Line]:
    """When the run was made, what it cost, and its metrics."""
    if record.get("started"):
        yield "date", _date(str(record["started"]))
    if size := record.get("size"):
        levels = len(record.get("levels") or ())
        yield "size", "x".join(map(str, reversed(size))) + (f", {levels} levels" if levels > 1 else "")
    if record.get("evaluations") is not None:
        parts = [f"{_number(record['evaluations'])} evaluations"]
        parts += [f"{_number(record.get('full_size_equivalents'))} full-size equivalents"]
        parts += [f"{_number(record.get('seconds'))} s"]
        yield "work", ", ".join(parts)
    metrics = record.get("metrics") or {}
    named = [
        f"{metric.value} {metrics[metric.value]:.4f}" for metric in Metric if metrics.get(metric.value) is not None
    ]
    if named:
        yield "metrics", ", ".join(named) + f", measured with {metrics.get('network')}"


def _date(text: str) -> str:
    """A recorded time in UTC, for people; as it is if it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):
        return text


def _number(value: Any) -> str:
    return "?" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def origin(provenance: Mapping[str, Any]) -> Iterator[Line]:
    """The pictures and weights that a picture was made of, the device and the versions."""
    for role, entry in (provenance.get("pictures") or {}).items():
        instead = f", instead of {entry['instead_of']}" if entry.get("instead_of") else ""
        yield role, _described(entry.get("name"), entry.get("source"), entry) + instead
    if network := provenance.get("network"):
        yield "network", _described(network.get("name"), network.get("origin"), network)
    if provenance.get("device"):
        method = f"{provenance['convolution']} convolution" if provenance.get("convolution") else None
        parts = [provenance["device"], f"{provenance.get('threads')} threads", provenance.get("precision"), method]
        yield "device", ", ".join(str(part) for part in parts if part)
    if versions := provenance.get("versions"):
        commit = f", commit {provenance['git_commit']}" if provenance.get("git_commit") else ""
        yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items()) + commit


def _described(name: Any, source: Any, entry: Mapping[str, Any]) -> str:
    """A file in one line: its name, source, credit or license, and the first digits of its checksum."""
    by = entry.get("credit") or entry.get("license")
    about = [str(name), None if source == name or str(by).startswith(f"{source}, ") else source, by]
    digest = f"SHA-256 {str(entry['sha256'])[:DIGITS]}" if entry.get("sha256") else None
    return ", ".join(str(part) for part in (*about, digest) if part)
