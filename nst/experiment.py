"""One run, from a composed config to a recorded folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from PIL import PngImagePlugin

from nst import device, logs, signals
from nst.build import Pictures
from nst.errors import InputError
from nst.folder import RunFolder, at_home, point_latest
from nst.image import write
from nst.record import Ending, Result, Terms

log = logging.getLogger(__name__)

PICTURE = "result.png"
STATUS = {
    Ending.STEPS: "done",
    Ending.CONVERGED: "done",
    Ending.INTERRUPTED: "interrupted",
    Ending.DIVERGED: "diverged",
}


@dataclass(frozen=True)
class Request:
    """What is to be run, and where."""

    config: DictConfig
    folder: Path
    overrides: Sequence[str] = ()
    choices: Mapping[str, str | None] | None = None  # {group: the file chosen}


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
        except Exception as error:
            _record_failure(request, folder, error)
            raise
    interrupt.resume()
    return record


def _conduct(request: Request, folder: RunFolder, interrupt: signals.Interrupt) -> dict[str, Any]:
    began, config = datetime.now(UTC), request.config
    pictures = Pictures(config)  # what is wrong with them is said before TensorFlow is waited for

    device.prepare(config.threads)
    from nst import forecast, observers, provenance
    from nst.setup import plain, set_up

    setup, settings = set_up(config, pictures), plain(config)
    identity = provenance.identity(settings, pictures.assets, setup.network)
    done = folder.claim(identity)
    if done:
        log.info("this run is done already: %s", _shown(folder.path / PICTURE))
        return done
    folder.write_text("config.yaml", OmegaConf.to_yaml(config, resolve=True))
    folder.write_text("overrides.yaml", OmegaConf.to_yaml(list(request.overrides)))
    record = {
        "status": "failed",
        "error": None,
        "identity": identity,
        "overrides": list(request.overrides),
        "choices": dict(request.choices or {}),
        "seed": config.seed,
        "started": began.isoformat(timespec="seconds"),
        "provenance": provenance.describe(pictures.assets, setup.network, setup.device),
    }
    sizes = ", ".join(f"{level.width}x{level.height}" for level in setup.levels)
    log.info("%s on %s: %d steps at %s", setup.network.source.name, setup.device, config.steps, sizes)
    forecast.warn_if_long(setup.network, setup.objective.layers, setup.levels)
    watched = observers.Run(folder.path, settings, setup.levels, pictures.content, pictures.styles)
    with _watched(setup.observers, watched, record):
        result = setup.stylize(interrupt)
        _write_pictures(request, folder, result, record)
        record |= _outcome(request, result, _metrics(setup, result))
    record["peak_memory_mib"] = provenance.peak_memory_mib()
    record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    folder.write_record(record)
    point_latest(Path(config.output.folder), folder.path / PICTURE)
    _say_goodbye(folder, record)
    return record


@contextmanager
def _watched(observers: Sequence[Any], run: Any, record: dict[str, Any]) -> Iterator[None]:
    """The observers, opened, and closed with what the record says by then."""
    opened = []
    try:
        for observer in observers:
            opened.append(observer)
            observer.open(run)
        yield
    finally:
        for observer in opened:
            observer.close(record)


def _write_pictures(request: Request, folder: RunFolder, result: Result, record: dict[str, Any]) -> None:
    """result.png with its recipe inside, and the other formats asked for."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt("nst.config", OmegaConf.to_yaml(request.config, resolve=True), zip=True)
    kept = {key: record[key] for key in ("identity", "overrides", "choices", "provenance")}
    text.add_itxt("nst.record", json.dumps(kept), zip=True)
    write(result.image, folder.path / PICTURE, pnginfo=text)
    for suffix in request.config.output.formats:
        if suffix != "png":
            write(result.image, folder.path / f"result.{suffix}")


def _metrics(setup: Any, result: Result) -> dict[str, Any]:
    from nst.metrics import measure

    return measure(setup.network, result.image, setup.pictures.content, setup.styles)


def _outcome(request: Request, result: Result, metrics: dict[str, Any]) -> dict[str, Any]:
    """What came of the run, as result.json says it."""
    scores = [metrics[metric.value] for metric in request.config.score]
    status, point = STATUS[result.ending], result.point
    return {
        "status": status,
        "ending": result.ending.value,
        "error": None if status == "done" else result.ending.value,
        "score": scores[0] if len(scores) == 1 else scores,
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


def _record_failure(request: Request, folder: RunFolder, error: Exception) -> None:
    """Say in run.log and result.json that the run failed; but a folder that holds a run's picture keeps its record."""
    expected = isinstance(error, InputError)
    text = at_home(str(error) if expected else f"{type(error).__name__}: {error}")
    log.error("%s", text, exc_info=None if expected else error, extra=logs.FILE_ONLY)
    before = folder.record
    if before is None or before.get("status") == "failed":
        choices = dict(request.choices or {})
        folder.write_record(
            {"status": "failed", "error": text, "overrides": list(request.overrides), "choices": choices}
        )


def _say_goodbye(folder: RunFolder, record: dict[str, Any]) -> None:
    """The last lines: where the picture is, and how to look at it."""
    metrics = record["metrics"]
    named = "  ".join(
        f"{name} {metrics[name]:.4f}" for name in ("style_distance", "content_distance", "ssim") if metrics[name]
    )
    log.info("%s after %d evaluations, %.0f s  %s", record["ending"], record["evaluations"], record["seconds"], named)
    log.info("picture  %s", _shown(folder.path / PICTURE))
    log.info("curves   tensorboard --logdir %s", _shown(folder.path.parent))


def _shown(path: Path) -> str:
    """Relative to where the person stands, where that is shorter."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
