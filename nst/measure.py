"""python -m nst.measure FOLDER ... : measure finished runs again, all with one network, to compare them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from nst import device, files, logs, recipe, run, schema
from nst.build import Pictures, build
from nst.errors import InputError
from nst.folder import PICTURE, RunFolder
from nst.image import from_uint8, read_result
from nst.record import Metric, MetricNetwork
from nst.report.runs import Run, find

if TYPE_CHECKING:
    from nst.extractor.network import Network

GROUPS = ("content", "style", "extractor", "size", "score", "output", "fallback", "precision")  # what measuring needs


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole command; its exit status: 0 all were measured, 1 some could not be, 2 there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="python -m nst.measure", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="runs, sweeps, or folders of such")
    parser.add_argument(
        "--network",
        choices=[network.value for network in MetricNetwork],
        default=MetricNetwork.auto.value,
        help="auto: VGG19, fetched if necessary, else each run's own network; own: each run's own network",
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


def measure(folders: Sequence[Path], network: MetricNetwork) -> int:
    """Measure every run in `folders` that has a picture; the exit status."""
    runs, complaints = find(folders)
    for complaint in complaints:
        print(f"nst: {complaint}", file=sys.stderr)  # noqa: T201
    finished = [found for found in runs if found.picture and found.record.get("metrics")]
    if not finished:
        raise InputError("there is no finished run to measure")
    device.prepare()
    failed = len(complaints)
    for found in finished:
        try:
            logs.console.print(f"{found.name}  {_again(found, network)}", highlight=False)
        except InputError as error:
            failed += 1
            print(f"nst: {found.name}: {error}", file=sys.stderr)  # noqa: T201
    return 1 if failed else 0


def _again(found: Run, asked: MetricNetwork) -> str:
    """Measure a run and write what changed; a line that says it."""
    from nst.metric_network import metric_network
    from nst.metrics import measure_picture
    from nst.setup import masked_styles

    settings = recipe.read(found.folder).config
    config = recipe.compose_recipe({key: settings[key] for key in GROUPS if key in settings})
    pictures = Pictures(config)
    _check_unchanged(found, {role: asset.sha256 for role, asset in pictures.assets.items()})
    with RunFolder(found.folder) as folder:
        record = folder.record or {}
        network = metric_network(asked, lambda: _own(config, record), fetch=True)
        picture = from_uint8(read_result(folder.path / PICTURE))
        metrics, before = (
            measure_picture(network, picture, pictures.content, masked_styles(pictures)),
            record["metrics"],
        )
        if metrics == before:
            return f"unchanged, measured with {network.source.name}"
        files.measured_again(folder, record, metrics, config)
    return f"{_changes(before, metrics)}, measured with {network.source.name}"


def _own(config: DictConfig, record: dict[str, Any]) -> Network:
    """The run's own network.

    Raises:
        InputError: its weights are not here any more.
    """
    from nst.precision import Precision

    network = build(config, "extractor").load(precision=Precision.float32, fallback=bool(config.fallback))
    told = record["provenance"]["network"]
    if network.source.sha256 != told.get("sha256"):
        raise InputError(f"its network was {told.get('file')}, which is not what serves now: {network.source.file}")
    return network


def _check_unchanged(found: Run, now: dict[str, str]) -> None:
    """Raise InputError unless content and styles are those of the run."""
    for role, picture in found.pictures.items():
        if role in now and picture.get("sha256") != now[role]:
            raise InputError(f"its {role} picture {picture.get('name')} has changed since; the run is left as it is")


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    """`style_distance 0.142 -> 0.046`, for every metric that changed."""
    values = [(metric.value, before.get(metric.value), after.get(metric.value)) for metric in Metric]
    return ", ".join(f"{name} {_number(old)} -> {_number(new)}" for name, old, new in values if old != new)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main())
