"""What differs between the run in a folder and a run that should be written there: settings, pictures, weights."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nst import bounded
from nst.errors import printable
from nst.redaction import redacted_data
from nst.runner.instantiate import TARGET
from nst.runtime.data_files import read_text
from nst.setting_rules import identity_part

MOST = 4  # differences in a message
LONGEST = 60  # characters of a value in a message
MISSING = object()


class Difference(NamedTuple):
    """A setting, or another fact, with its value before and now."""

    name: str
    before: Any
    now: Any


def settings(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """The settings in which two configs differ, of those that count for a run's identity.

    A choice of another class is one difference, named by the classes.
    """
    return list(_inside(identity_part(before), identity_part(now), ""))


def facts(record: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """The differences between a record's pictures, weights, computation and tiles, and those of the run `now`.

    Args:
        record: the content of result.json; facts that it lacks are not compared.
        now: as `of_record`.
    """
    before = of_record(record)
    return [Difference(name, before[name], now.get(name)) for name in before if before[name] != now.get(name)]


def of_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """`{fact: value}` of a record, as far as it has them; pictures and network by the start of their SHA-256."""
    provenance = record.get("provenance") or {}
    pictures = {f"picture {role}": entry.get("sha256") for role, entry in (provenance.get("pictures") or {}).items()}
    network = {"weights": (provenance.get("network") or {}).get("sha256")}
    found = {name: str(digest)[:12] for name, digest in (pictures | network).items() if digest}
    found |= {name: provenance[name] for name in ("precision", "convolution") if name in provenance}
    if "tiles" in record:
        found["tiles"] = record["tiles"]
    versions = provenance.get("versions") or {}
    return found | ({"nst": versions["nst"]} if "nst" in versions else {})


def recorded_settings(config: Path) -> dict[str, Any]:
    """The settings in a run's config.yaml; empty if it is missing or cannot be read."""
    try:
        found = bounded.from_yaml(read_text(config, follow=False), config.name)
    except (OSError, bounded.DataError):
        return {}
    return redacted_data(found) if isinstance(found, dict) else {}


def described(differences: Sequence[Difference]) -> str:
    """The differences in a line: `size 512 -> 768, optimizer LBFGS -> Adam and 3 more`."""
    shown = [f"{printable(name)[:LONGEST]} {_shown(old)} -> {_shown(new)}" for name, old, new in differences[:MOST]]
    rest = len(differences) - MOST
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _inside(before: Mapping[str, Any], now: Mapping[str, Any], path: str) -> Iterator[Difference]:
    for key in {**before, **now}:
        old, new, name = before.get(key, MISSING), now.get(key, MISSING), f"{path}{key}"
        if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
            if old != new:
                yield Difference(name, old, new)
        elif old.get(TARGET) != new.get(TARGET):
            yield Difference(name, old, new)
        else:
            yield from _inside(old, new, f"{name}.")


def _shown(value: Any) -> str:
    if value is MISSING:
        return "not set"
    if isinstance(value, Mapping):
        return printable(str(value.get(TARGET, "settings")).rpartition(".")[2])[:LONGEST]
    text = {None: "null", True: "true", False: "false"}.get(value) if isinstance(value, bool | None) else str(value)
    return printable(str(text))[:LONGEST]
