"""Perform one run: from a composed config to a recorded run folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nst.errors import InputError
from nst.extractor import read_ahead
from nst.extractor.pins import Pins
from nst.image.io import from_uint8, read_result
from nst.observers import preview
from nst.observers.background import Background
from nst.observers.contract import RunContext, awaited, opened
from nst.runner import checkpoint, difference, log_lines, provenance
from nst.runner.checks import check_choices, check_resolves, checked_tiles
from nst.runner.folder import CONFIG, PICTURE, RunFolder, point_latest
from nst.runner.identity import identity as identity_of
from nst.runner.pictures import Pictures
from nst.runner.record import failure_noted, measured_again, outcome, record_failure, write_pictures, write_settings
from nst.runner.request import Request
from nst.runner.time_estimate import TimeEstimate
from nst.runtime import device, logs, signals
from nst.runtime.process import displayed
from nst.settings import chosen
from nst.state import Ending, Iterate

if TYPE_CHECKING:  # it imports TensorFlow; pictures are read before
    from nst.runner.setup import Setup

log = logging.getLogger(__name__)

Record = dict[str, Any]  # the content of result.json


def run(request: Request) -> Record:
    """Perform the run, unless its folder holds it already done, and return its record.

    Raises:
        InputError: a setting or an input is invalid. Before the first step, a single run then leaves no new folder;
            else result.json records it, if it holds no other or finished run.
        Exception: any other error, recorded in the same way, with the traceback in run.log.
        KeyboardInterrupt, SystemExit: after an interrupted run is recorded.
    """
    logs.to_console()
    check_resolves(request.config)
    with RunFolder(request.folder, created=request.created) as folder, folder.log(), signals.deferred() as interrupt:
        interrupt.setting_up = True
        try:
            record = _run(request, folder, interrupt)
        except (Exception, KeyboardInterrupt) as error:
            mistaken = isinstance(error, InputError)
            if not (mistaken and request.sweep is None and folder.give_up()):
                record_failure(request, folder, error)
            if request.resume_with and not mistaken:
                log_lines.resume(request.resume_with)
            raise
    interrupt.resume()
    return record


def _run(request: Request, folder: RunFolder, interrupt: signals.Interrupt) -> Record:
    began, config = datetime.now(UTC), request.config
    if request.choices:
        check_choices(config, request.choices)
        if not config.extractor.get("weights"):
            read_ahead.begin(request.choices.get("extractor"))
    pictures = Pictures(config)
    threads = request.threads if config.threads is None else config.threads
    device_name = device.prepare(threads, eager=config.eager)

    from nst.runner import tiling
    from nst.runner.setup import set_up

    setup = set_up(config, pictures, Pins(request.sweep))
    setup = setup.by_tiles(tiling.chosen(checked_tiles(config.tiles), setup.memory, setup.transfer.levels[-1], folder))
    transfer = setup.transfer
    identity = identity_of(request.recipe, pictures.assets, transfer.network, transfer.levels, transfer.tiles)
    if done := folder.claim(identity, checkpoint.identity(folder.path), partial(_difference, request, setup, folder)):
        return _done_already(request, folder, done, setup)
    record: Record = {
        "status": "failed",
        "error": None,
        "identity": identity,
        **request.asked(),
        "seed": config.seed,
        "started": began.isoformat(timespec="seconds"),
        "provenance": provenance.describe(pictures.assets, setup.transfer.network, device_name),
        "tiles": transfer.tiles,
        "expected_memory_mib": round(_expected_memory(setup) / 2**20, 1),
    }
    write_settings(request, folder)
    with awaited(setup.observers):
        _optimize(request, setup, folder, record, interrupt)
        record["peak_memory_mib"] = provenance.peak_memory_mib()
        record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
        folder.write_record(record)
        if record["status"] != "interrupted":
            checkpoint.remove(folder.path)
            preview.remove(folder.path)  # left by an earlier process, with other observers
        point_latest(Path(config.output.folder or "."), folder.path / PICTURE)
        log_lines.end(folder.path, record, request.resume_with)
        interrupt.saved = True  # only observers are waited for
    return record


def _difference(request: Request, setup: Setup, folder: RunFolder, record: Mapping[str, Any]) -> str:
    """What differs from the run in `folder`, which has this record: old -> new."""
    transfer = setup.transfer
    described = provenance.describe(setup.pictures.assets, transfer.network, "")
    now = difference.of_record({"tiles": transfer.tiles, "provenance": described})
    before = difference.recorded_settings(folder.path / CONFIG)
    settings = difference.settings(before, request.recipe) if before else []
    return difference.described([*settings, *difference.facts(record, now)])


def _done_already(request: Request, folder: RunFolder, done: Record, setup: Setup) -> Record:
    """The record of a run that is done; in a sweep with another metric network, the run is measured again."""
    log.info("this run is done already: %s", displayed(folder.path / PICTURE))
    checkpoint.remove(folder.path)  # left if the process was killed after it wrote the record
    preview.remove(folder.path)
    source = setup.metric_network.source
    if request.sweep and not folder.read_only and done["metrics"].get("network_sha256") != source.sha256:
        log.info("measured again with %s, like the other runs of this sweep", source.name)
        picture = from_uint8(read_result(folder.path / PICTURE))
        measured_again(folder, done, setup.measure(picture), request.config)
    return done


def _expected_memory(setup: Setup) -> float:
    """Expected peak memory of the process, in bytes.

    Raises:
        InputError: the run does not fit into memory.
    """
    from nst.runner.memory_estimate import check_fits
    from nst.runtime import memory

    return memory.expected(check_fits(setup.memory, *setup.transfer.content.shape[1:3]))


def _optimize(request: Request, setup: Setup, folder: RunFolder, record: Record, interrupt: signals.Interrupt) -> None:
    """Run all steps, write the pictures, and complete `record`; begin anew if the checkpoint does not fit."""
    import tensorflow as tf

    transfer, identity = setup.transfer, record["identity"]
    resume = checkpoint.load(folder.path, identity, record["provenance"], transfer.optimizer, transfer.levels)
    last = checkpoint.Checkpoint(request.config.checkpoint, identity, record["provenance"], transfer.tiles)
    try:
        _descend(request, setup, folder, record, interrupt, last, resume)
    except (ValueError, TypeError, KeyError, tf.errors.InvalidArgumentError) as error:
        if not resume or last.began or isinstance(error, InputError):  # after a step, the checkpoint is not the reason
            raise
        checkpoint.set_aside(folder.path, error)
        _descend(request, setup, folder, record, interrupt, last, None)


def _descend(
    request: Request,
    setup: Setup,
    folder: RunFolder,
    record: Record,
    interrupt: signals.Interrupt,
    last: checkpoint.Checkpoint,
    resume: Iterate | None,
) -> None:
    from nst.transfer.stylize import stylize

    record["resumed_at"] = resume.evaluation if resume else None
    log_lines.start(setup, record)
    observers = [*setup.observers, TimeEstimate(setup.transfer.network.source.name), last]
    direct = [observer for observer in observers if observer.synchronous]
    others = [observer for observer in observers if not observer.synchronous]
    context = _context(request, setup, folder, resume)
    with opened(observers, context, record), failure_noted(record), Background(others) as background:
        interrupt.setting_up = False
        result = stylize(
            setup.transfer,
            observers=[background, *direct],
            interrupted=lambda: interrupt() or any(observer.over for observer in observers),
            resume=resume,
        )
        background.drain()
        folder.check()
        if result.ending is Ending.INTERRUPTED and interrupt():
            last.save()  # before the pictures: the sender of the signal may kill the process soon
        elif result.ending is Ending.INTERRUPTED:  # an observer ended it
            result = replace(result, ending=Ending.PRUNED)
        last.forget()
        write_pictures(folder, result, request.recipe, record, setup.pictures.alpha)
        record |= outcome(request.config, result, setup.measure(result.image))


def _context(request: Request, setup: Setup, folder: RunFolder, resume: Iterate | None) -> RunContext:
    asked = request.asked()
    return RunContext(
        folder=folder.path,
        config=request.recipe,
        choices=chosen(request.recipe, asked["choices"], asked["overrides"]),
        levels=setup.transfer.levels,
        content=setup.pictures.content,
        styles=[style.picture for style in setup.pictures.styles],
        measure=setup.measure,
        present=setup.transfer.present,
        resume=resume,
        sweep=request.sweep,
    )
