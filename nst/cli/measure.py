"""Measure finished runs again, all with the same network."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nst.assets.unreachable import UnreachableError
from nst.cli import hydra_errors, recipe
from nst.errors import InputError
from nst.extractor import imagenet
from nst.extractor.imagenet import Weights
from nst.extractor.metric_network import PATIENCE
from nst.extractor.pins import Pins
from nst.image.io import from_uint8, read_result
from nst.report.runs import Run, find
from nst.runner.folder import PICTURE, RunFolder
from nst.runner.pictures import Pictures
from nst.runner.record import measured_again
from nst.runtime import device, logs
from nst.runtime.home import expanded
from nst.state import Metric, MetricNetwork

if TYPE_CHECKING:
    from nst.extractor.network import Network

GROUPS = ("content", "style", "size", "score", "output", "fallback")  # the parts of a recipe that measuring needs


def measure(folders: Sequence[Path], asked: MetricNetwork) -> int:
    """Measure every run in `folders` that has a picture; return the exit status, 1 if any failed.

    Args:
        folders: contain runs at any depth.
        asked: `auto` measures with VGG19, `own` with each run's own network.

    Raises:
        InputError: there is no such run, or VGG19's weights are not available.
    """
    runs, unreadable = find(folders)
    for line in unreadable:
        print(f"nst: {line}", file=sys.stderr)  # noqa: T201
    finished = [found for found in runs if found.picture and found.record.get("metrics")]
    if not finished:
        raise InputError("there is no finished run to measure")
    device.prepare()
    weights = _vgg19() if asked is MetricNetwork.auto else None
    failed = len(unreadable)
    for found in finished:
        try:
            logs.console.print(f"{found.name}  {_again(found, weights)}", soft_wrap=True, markup=False, highlight=False)
        except (*hydra_errors.INPUT_ERRORS, OSError, KeyError, TypeError) as error:
            failed += 1
            print(f"nst: {found.name}: {hydra_errors.one_line(error)}", file=sys.stderr)  # noqa: T201
    for folder in {*folders, *(found.folder.parent for found in finished)}:
        Pins(folder).replace("metrics", weights)  # a continued sweep then measures with the same network
    return 1 if failed else 0


def _vgg19() -> Weights:
    try:
        return imagenet.find("vgg19", patience=PATIENCE)
    except UnreachableError as error:
        raise InputError(f"{error}; --network own measures each run with its own network") from error


def _again(found: Run, weights: Weights | None) -> str:
    """Measure a run with `weights`, or with its own network if None, and record it; return a line on what changed."""
    from nst.extractor.vgg19 import load_weights
    from nst.metrics import measure_picture
    from nst.runner.setup import masked_styles

    settings = recipe.read(found.folder).config
    config = recipe.compose_recipe({key: settings[key] for key in GROUPS if key in settings})
    pictures = Pictures(config)
    _check_unchanged(found, {role: asset.sha256 for role, asset in pictures.assets.items()})
    with RunFolder(found.folder) as folder:
        record = folder.record or {}
        network = load_weights(weights) if weights else _own(record["provenance"]["network"])
        picture = from_uint8(read_result(folder.path / PICTURE))
        metrics = measure_picture(network, picture, pictures.content, masked_styles(pictures))
        before = record["metrics"]
        if _same(before, metrics):
            return f"unchanged, measured with {network.source.name}"
        measured_again(folder, record, metrics, config)
    return f"{_changes(before, metrics)}, measured with {network.source.name}"


def _own(recorded: dict[str, Any]) -> Network:
    """Load the network that the record names.

    Raises:
        InputError: the weights of the run's own network are missing or have changed.
    """
    from nst.extractor.vgg19 import load_weights
    from nst.extractor.vgg19_slim import VGG19Slim

    if recorded["name"] != "vgg19_slim":
        path = str(expanded(str(recorded["file"])))
        return load_weights(
            Weights.from_json({"network": recorded["name"], "path": path, "sha256": recorded["sha256"]})
        )
    network = VGG19Slim().load()
    if network.source.sha256 != recorded["sha256"]:
        raise InputError("its network is the bundled one of another version of nst")
    return network


def _check_unchanged(found: Run, now: dict[str, str]) -> None:
    """Raise InputError unless content, styles and masks are those of the run."""
    then = {role: str(picture.get("sha256")) for role, picture in found.pictures.items() if role != "init"}
    for role in sorted({*then, *now}):
        if then.get(role) != now.get(role):
            raise InputError(f"its {role} picture has changed since the run; the run is left unchanged")


def _same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether two measurements agree within rounding and were made with the same network."""
    return all(
        math.isclose(value, before[key], rel_tol=1e-3, abs_tol=1e-6)
        if isinstance(value, float) and isinstance(before.get(key), float)
        else value == before.get(key)
        for key, value in after.items()
    )


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    """`style_distance 0.142 -> 0.046`, for every changed metric."""
    values = [(metric.value, before.get(metric.value), after.get(metric.value)) for metric in Metric]
    return ", ".join(f"{name} {_number(old)} -> {_number(new)}" for name, old, new in values if old != new)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"
