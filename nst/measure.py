"""python -m nst.measure FOLDER ... : measure finished runs again, all with one network, to compare them."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nst import complaints, device, files, logs, recipe, run, schema
from nst.assets.unreachable import UnreachableError
from nst.build import Pictures
from nst.errors import InputError
from nst.extractor import imagenet
from nst.extractor.imagenet import Weights
from nst.folder import PICTURE, RunFolder
from nst.image import from_uint8, read_result
from nst.metric_network import PATIENCE
from nst.pins import Pins
from nst.record import Metric, MetricNetwork
from nst.report.runs import Run, find

if TYPE_CHECKING:
    from nst.extractor.network import Network

GROUPS = ("content", "style", "size", "score", "output", "fallback")  # what measuring needs


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole command; its exit status: 0 all were measured, 1 some could not be, 2 there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="python -m nst.measure", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="runs, sweeps, or folders of such")
    parser.add_argument(
        "--network",
        choices=[network.value for network in MetricNetwork],
        default=MetricNetwork.auto.value,
        help="auto: VGG19, fetched if necessary; own: each run's own network",
    )
    options = parser.parse_args(arguments)
    os.environ["HYDRA_FULL_ERROR"] = "1"
    schema.register()
    run.register_resolvers()
    logs.to_console()
    try:
        return measure(options.folders, MetricNetwork(options.network))
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  the last place where it can become one line
        return run.complain(error)


def measure(folders: Sequence[Path], asked: MetricNetwork) -> int:
    """Measure every run in `folders` that has a picture; the exit status.

    Raises:
        InputError: there is no such run, or VGG19's weights cannot be had.
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
            logs.console.print(f"{found.name}  {_again(found, weights)}", highlight=False)
        except (*complaints.MENDABLE, OSError, KeyError, TypeError) as error:
            failed += 1
            print(f"nst: {found.name}: {complaints.one_line(error)}", file=sys.stderr)  # noqa: T201
    for folder in {*folders, *(found.folder.parent for found in finished)}:
        Pins(folder).replace("metrics", weights)  # a sweep that is continued measures likewise
    return 1 if failed else 0


def _vgg19() -> Weights:
    try:
        return imagenet.find("vgg19", patience=PATIENCE)
    except UnreachableError as error:
        raise InputError(f"{error}; --network own measures each run with its own network") from error


def _again(found: Run, weights: Weights | None) -> str:
    """Measure a run with `weights`, or with its own network, and write what changed; a line that says it."""
    from nst.extractor.vgg19 import load_weights
    from nst.metrics import measure_picture
    from nst.setup import masked_styles

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
        files.measured_again(folder, record, metrics, config)
    return f"{_changes(before, metrics)}, measured with {network.source.name}"


def _own(told: dict[str, Any]) -> Network:
    """The network that the record names.

    Raises:
        InputError: its weights are not there any more.
    """
    from nst.extractor.vgg19 import load_weights
    from nst.extractor.vgg19_slim import VGG19Slim

    if told["name"] != "vgg19_slim":
        path = str(Path(told["file"]).expanduser())
        return load_weights(Weights.from_json({"network": told["name"], "path": path, "sha256": told["sha256"]}))
    network = VGG19Slim().load()
    if network.source.sha256 != told["sha256"]:
        raise InputError("its network was the bundled one of another version of nst")
    return network


def _check_unchanged(found: Run, now: dict[str, str]) -> None:
    """Raise InputError unless content, styles and masks are those of the run."""
    then = {role: str(picture.get("sha256")) for role, picture in found.pictures.items() if role != "init"}
    for role in sorted({*then, *now}):
        if then.get(role) != now.get(role):
            raise InputError(f"its {role} picture is not what it was; the run is left as it is")


def _same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether two measurements agree, to rounding, and were made with the same network."""
    return all(
        math.isclose(value, before[key], rel_tol=1e-3, abs_tol=1e-6)
        if isinstance(value, float) and isinstance(before.get(key), float)
        else value == before.get(key)
        for key, value in after.items()
    )


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    """`style_distance 0.142 -> 0.046`, for every metric that changed."""
    values = [(metric.value, before.get(metric.value), after.get(metric.value)) for metric in Metric]
    return ", ".join(f"{name} {_number(old)} -> {_number(new)}" for name, old, new in values if old != new)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main())
