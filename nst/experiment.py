"""One run, from a composed config to a recorded folder."""

from __future__ import annotations

import json
import logging
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from omegaconf import DictConfig
from PIL import PngImagePlugin

from nst import device, logs, signals
from nst.build import Pictures, plain
from nst.errors import InputError
from nst.folder import CONFIG, OVERRIDES, PICTURE, RunFolder, TakenError, at_home, point_latest
from nst.image import write
from nst.knobs import WATCH
from nst.record import Ending, Result, Terms

log = logging.getLogger(__name__)

STATUS = {
    Ending.STEPS: "done",
    Ending.CONVERGED: "done",
    Ending.INTERRUPTED: "interrupted",
    Ending.PRUNED: "pruned",
    Ending.DIVERGED: "diverged",
}


@dataclass(frozen=True)
class Request:
    """What is to be run, and where."""

    config: DictConfig
    folder: Path
    overrides: Sequence[str] = ()
    choices: Mapping[str, str | None] | None = None  # {group: the file chosen}
    resume_with: str = ""  # what, added to the command, lets it go on with this run

    def told(self) -> dict[str, Any]:
        """What was asked for, as the record says it."""
        choices = {group: choice for group, choice in (self.choices or {}).items() if not group.startswith("hydra/")}
        overrides = [text for text in self.overrides if not text.startswith(f"+{WATCH}=")]
        return at_home({"overrides": overrides, "choices": choices})

    def recipe(self) -> dict[str, Any]:
        """The config as it is recorded: without what a search has put there to watch the run."""
        settings = at_home(plain(self.config))
        group, _, name = WATCH.partition(".")
        (settings.get(group) or {}).pop(name, None)
        return settings


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
            _record_failure(request, folder, error)
            raise
    interrupt.resume()
    return record


def _conduct(request: Request, folder: RunFolder, interrupt: signals.Interrupt) -> dict[str, Any]:
    began, config = datetime.now(UTC), request.config
    pictures = Pictures(config)  # what is wrong with them is said before TensorFlow is waited for
    named = device.prepare(config.threads)

    from nst import checkpoint, provenance
    from nst.setup import set_up

    setup, settings = set_up(config, pictures), request.recipe()
    identity = provenance.identity(settings, pictures.assets, setup.network)
    done = folder.claim(identity, checkpoint.identity(folder.path))
    if done:
        log.info("this run is done already: %s", _shown(folder.path / PICTURE))
        (folder.path / checkpoint.FILE).unlink(missing_ok=True)  # where it was killed in its very last moment
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
    _write_settings(request, folder)
    with _watched(setup, pictures, folder.path, settings, record) as (watch, resume, last):
        result = setup.go(observers=[watch], interrupted=lambda: interrupt() or watch.over, resume=resume)
        watch.drain()
        if result.ending is Ending.INTERRUPTED and not interrupt():  # an observer has seen enough
            result = replace(result, ending=Ending.PRUNED)
        if result.ending is Ending.INTERRUPTED:
            last.save()  # before the pictures: what sent the signal may not wait long
        _write_pictures(folder, result, settings, record)
        record |= _outcome(config, result, _metrics(setup, pictures, result.image))
    record["peak_memory_mib"] = provenance.peak_memory_mib()
    record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    folder.write_record(record)
    if record["status"] != "interrupted":
        (folder.path / checkpoint.FILE).unlink(missing_ok=True)
    point_latest(Path(config.output.folder or "."), folder.path / PICTURE)
    _say_goodbye(folder, record, request.resume_with)
    return record


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
    name, device = setup.network.source.name, record["provenance"]["device"]
    log.info("%s on %s: %d steps at %s, %.1f GiB of memory", name, device, steps, sizes, setup.memory / 2**30)
    if record["resumed_at"]:
        log.info("going on from evaluation %d, where this run was stopped", record["resumed_at"])
    else:
        forecast.warn_if_long(setup.network, setup.objective.layers, setup.levels)


def _write_pictures(folder: RunFolder, result: Result, settings: dict[str, Any], record: dict[str, Any]) -> None:
    """result.png with its recipe inside, and the other formats asked for."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt("nst.config", yaml.safe_dump(settings, sort_keys=False), zip=True)
    kept = {key: record[key] for key in ("identity", "overrides", "choices", "provenance")}
    text.add_itxt("nst.record", json.dumps(kept), zip=True)
    write(result.image, folder.path / PICTURE, pnginfo=text)
    for suffix in settings["output"]["formats"]:
        if suffix != "png":
            write(result.image, folder.path / f"result.{suffix}")


def _metrics(setup: Any, pictures: Pictures, picture: np.ndarray) -> dict[str, Any]:
    from nst.metrics import measure

    return measure(setup.network, picture, pictures.content, pictures.styles)


def score(config: DictConfig, metrics: Mapping[str, Any]) -> Any:
    """What `config.score` asks for of some metrics: a number, or a list where it names several."""
    found = [metrics[metric.value] for metric in config.score]
    return found[0] if len(found) == 1 else found


def _outcome(config: DictConfig, result: Result, metrics: dict[str, Any]) -> dict[str, Any]:
    """What came of the run, as result.json says it."""
    status, point = STATUS[result.ending], result.point
    return {
        "status": status,
        "ending": result.ending.value,
        "error": None if status == "done" else result.ending.value,
        "score": score(config, metrics),
        "metrics": metrics,
        "loss": float(point.total) if point else None,
        "weighted": _floats(point.weighted) if point else None,
        "canonical": _floats(point.canonical) if point else None,
        "size": list(result.image.shape[1:3]),
        "levels": [level._asdict() for level in result.levels],
        "evaluations": result.evaluations,
        "seconds": round(result.seconds, 3),
        "seconds_per_evaluation": round(result.seconds_per_evaluation, 5),
    }


def _floats(terms: Terms) -> dict[str, dict[str, float]]:
    return {term: {layer: float(value) for layer, value in values.items()} for term, values in terms.items()}


def _write_settings(request: Request, folder: RunFolder) -> None:
    """config.yaml and overrides.yaml."""
    folder.write_text(CONFIG, yaml.safe_dump(request.recipe(), sort_keys=False))
    folder.write_text(OVERRIDES, yaml.safe_dump(request.told()["overrides"]))


def record_loss(request: Request, why: InputError) -> None:
    """Say in the record of a run whose process was lost what became of it, unless it has said so itself.

    Raises:
        InputError: another process is at work in its folder.
    """
    with RunFolder(request.folder) as folder, logs.to_file(folder.path / "run.log"):
        if (folder.record or {}).get("status") in (None, "failed"):
            _record_failure(request, folder, why)


def _record_failure(request: Request, folder: RunFolder, error: BaseException) -> None:
    """Say in run.log and result.json that the run failed; but a run that is done, or another one, keeps its record."""
    expected = isinstance(error, InputError | KeyboardInterrupt)
    text = at_home(str(error) or "it was interrupted" if expected else f"{type(error).__name__}: {error}")
    log.error("%s", text, exc_info=None if expected else error, extra=logs.FILE_ONLY)
    before, told = folder.record or {}, request.told()
    ours = before.get("status") in (None, "failed") or before.get("overrides") == told["overrides"]
    if isinstance(error, TakenError) or before.get("status") == "done" or not ours:
        return
    _write_settings(request, folder)
    status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
    folder.write_record({**before, "status": status, "error": text, "score": None, **told})


def _say_goodbye(folder: RunFolder, record: dict[str, Any], resume_with: str) -> None:
    """The last lines: where the picture is, and how to look at it."""
    metrics = record["metrics"]
    named = "  ".join(
        f"{name} {metrics[name]:.4f}" for name in ("style_distance", "content_distance", "ssim") if metrics[name]
    )
    log.info("%s after %d evaluations, %.0f s  %s", record["ending"], record["evaluations"], record["seconds"], named)
    log.info("picture  %s", _shown(folder.path / PICTURE))
    log.info("curves   tensorboard --logdir %s", shlex.quote(_shown(folder.path.parent)))
    if record["status"] == "interrupted" and resume_with:
        log.info("go on    the same command, with %s", resume_with)


def _shown(path: Path) -> str:
    """Relative to where the person stands, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
