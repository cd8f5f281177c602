"""One run, from a composed config to a recorded folder."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nst import device, files, logs, signals
from nst.build import Pictures, check_choices
from nst.folder import PICTURE, RunFolder, point_latest
from nst.image import from_uint8, read_result
from nst.pins import Pins
from nst.record import Ending, full_size_equivalents
from nst.request import Request

log = logging.getLogger(__name__)


def run(request: Request) -> dict[str, Any]:
    """Do the run, or find it done, and return its record: what result.json says.

    Raises:
        InputError: config or input that cannot serve; where the folder was free, result.json says so too.
        Exception: whatever else went wrong, likewise, with the traceback in run.log.
        KeyboardInterrupt, SystemExit: after an interrupted run is recorded.
    """
    logs.to_console()
    with RunFolder(request.folder) as folder, logs.to_file(folder.path / "run.log"), signals.deferred() as interrupt:
        try:
            record = _conduct(request, folder, interrupt)
        except (Exception, KeyboardInterrupt) as error:
            files.record_failure(request, folder, error)
            raise
    interrupt.resume()
    return record


def _conduct(request: Request, folder: RunFolder, interrupt: signals.Interrupt) -> dict[str, Any]:
    began, config = datetime.now(UTC), request.config
    if request.choices:
        check_choices(config, request.choices)
    pictures = Pictures(config)  # what is wrong with them is said before TensorFlow is waited for
    named = device.prepare(config.threads)

    from nst import checkpoint, provenance
    from nst.setup import set_up

    setup, settings = set_up(config, pictures, Pins(request.sweep)), request.recipe()
    identity = provenance.identity(settings, pictures.assets, setup.network, setup.levels)
    done = folder.claim(identity, checkpoint.identity(folder.path))
    if done:
        log.info("this run is done already: %s", _shown(folder.path / PICTURE))
        (folder.path / checkpoint.FILE).unlink(missing_ok=True)  # where it was killed in its very last moment
        if request.sweep and done["metrics"].get("network_sha256") != setup.metric_network.source.sha256:
            _measure_again(request, folder, done, setup, pictures)
        return done
    setup = setup.fitted()
    record = {
        "status": "failed",
        "error": None,
        "identity": identity,
        **request.told(),
        "seed": config.seed,
        "started": began.isoformat(timespec="seconds"),
        "provenance": provenance.describe(pictures.assets, setup.network, named),
        "expected_memory_mib": round(setup.memory / 2**20, 1),
    }
    files.write_settings(request, folder)
    with _watched(setup, pictures, folder.path, settings, record) as (watch, resume, last):
        result = setup.go(observers=[watch], interrupted=lambda: interrupt() or watch.over, resume=resume)
        watch.drain()
        if result.ending is Ending.INTERRUPTED and not interrupt():  # an observer has seen enough
            result = replace(result, ending=Ending.PRUNED)
        if result.ending is Ending.INTERRUPTED:
            last.save()  # before the pictures: what sent the signal may not wait long
        files.write_pictures(folder, result, settings, record, pictures.alpha)
        record |= files.outcome(config, result, _metrics(setup, pictures, result.image))
    record["peak_memory_mib"] = provenance.peak_memory_mib()
    record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    folder.write_record(record)
    if record["status"] != "interrupted":
        (folder.path / checkpoint.FILE).unlink(missing_ok=True)
    point_latest(Path(config.output.folder or "."), folder.path / PICTURE)
    _say_goodbye(folder, record, request.resume_with)
    return record


def _measure_again(request: Request, folder: RunFolder, done: dict[str, Any], setup: Any, pictures: Pictures) -> None:
    """Measure a run of a sweep that is done already with the network that the sweep has chosen."""
    log.info("measured again with %s, like the other runs of this sweep", setup.metric_network.source.name)
    picture = from_uint8(read_result(folder.path / PICTURE))
    files.measured_again(folder, done, _metrics(setup, pictures, picture), request.config)


@contextmanager
def _watched(
    setup: Any, pictures: Pictures, folder: Path, settings: dict[str, Any], record: dict[str, Any]
) -> Iterator[tuple[Any, Any, Any]]:
    """The observers, opened, where an earlier start of this run stood, and what keeps where this one stands.

    They are closed with what the record says by then.
    """
    from nst import checkpoint, forecast, observers
    from nst.observers.background import Background

    resume = checkpoint.load(folder, record["identity"], record["provenance"], setup.optimizer, setup.levels)
    record["resumed_at"] = resume.evaluation if resume else None
    _say_hello(setup, record, forecast)
    run = observers.Run(
        folder,
        settings,
        record["choices"],
        setup.levels,
        pictures.content,
        [style.picture for style in pictures.styles],
        partial(_metrics, setup, pictures),
        setup.present,
        resume,
    )
    last = checkpoint.Checkpoint(settings["checkpoint"], record["identity"], record["provenance"])
    with ExitStack() as stack:
        for observer in (watching := [*setup.observers, last]):
            observer.open(run)
            stack.callback(observer.close, record)
        yield stack.enter_context(Background(watching)), resume, last


def _say_hello(setup: Any, record: dict[str, Any], forecast: Any) -> None:
    """The first line: what computes where, and how much."""
    sizes = ", ".join(f"{level.width}x{level.height}" for level in setup.levels)
    steps = sum(level.steps for level in setup.levels)
    source, device = setup.network.source, record["provenance"]["device"]
    if source.licence:
        log.info("network  %s, from %s (%s)", source.name, source.origin, source.licence)
    if (measured_with := setup.metric_network.source) != source:
        log.info("metrics  measured with %s, from %s", measured_with.name, measured_with.origin)
    work = full_size_equivalents(setup.levels)
    text = "%s on %s: %d evaluations (%.0f full-size equivalents) at %s, %.1f GiB of memory"
    log.info(text, source.name, device, steps, work, sizes, setup.memory / 2**30)
    if record["resumed_at"]:
        log.info("going on from evaluation %d, where this run was stopped", record["resumed_at"])
    else:
        forecast.warn_if_long(setup.network, setup.objective, setup.levels)


def _metrics(setup: Any, pictures: Pictures, picture: np.ndarray) -> dict[str, Any]:
    from nst.metrics import measure_picture

    return measure_picture(setup.metric_network, picture, pictures.content, setup.styles)


def _say_goodbye(folder: RunFolder, record: dict[str, Any], resume_with: str) -> None:
    """The last lines: where the picture is, and how to look at it."""
    metrics = record["metrics"]
    named = "  ".join(
        f"{name} {metrics[name]:.4f}" for name in ("style_distance", "content_distance", "ssim") if metrics[name]
    )
    work = record["full_size_equivalents"]
    text = "%s after %d evaluations (%.0f full-size equivalents), %.0f s  %s"
    log.info(text, record["ending"], record["evaluations"], work, record["seconds"], named)
    log.info("picture  %s", _shown(folder.path / PICTURE))
    log.info("curves   tensorboard --logdir %s", shlex.quote(_shown(folder.path.parent)))
    if record["status"] == "interrupted" and resume_with:
        log.info("go on    the same command, with %s", resume_with)


def _shown(path: Path) -> str:
    """Relative to where the person stands, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
