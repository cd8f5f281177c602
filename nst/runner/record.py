"""Write the results of a run into its folder: settings, record, and pictures with their recipe inside."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import yaml
from omegaconf import DictConfig

from nst.errors import InputError
from nst.image import texts
from nst.image.io import write_image
from nst.redaction import redacted
from nst.runner import finished
from nst.runner.folder import CONFIG, OVERRIDES, PICTURE, RunFolder, TakenError, at_home
from nst.runner.request import Request, score
from nst.runtime import logs
from nst.runtime.lock import BusyError
from nst.state import Ending, Result, Terms

log = logging.getLogger(__name__)

RECIPE = ("nst.config", "nst.record")
"""The names of a recipe's texts inside a picture."""
RECORDED = ("identity", "overrides", "choices", "provenance", "tiles")
EXPECTED = (InputError, KeyboardInterrupt)  # what ends a run without a traceback
STATUS = {
    Ending.STEPS: "done",
    Ending.CONVERGED: "done",
    Ending.INTERRUPTED: "interrupted",
    Ending.PRUNED: "pruned",
    Ending.DIVERGED: "diverged",
}


def write_pictures(
    folder: RunFolder, result: Result, settings: dict[str, Any], record: dict[str, Any], alpha: np.ndarray | None
) -> None:
    """Write result.png and the other formats of `output.formats`, all with `alpha` and with their recipe inside.

    The record gets their checksums.
    """
    bits, dpi = settings["output"]["bits"], settings["output"]["dpi"]
    recipe = recipe_texts(settings, record)
    others = [f"result.{suffix}" for suffix in settings["output"]["formats"] if suffix != "png"]
    for name in (PICTURE, *others):
        inside = recipe if texts.fits(name.rpartition(".")[2], recipe) else None
        if inside is None:
            log.warning("%s has no recipe inside: it is too long for this format; that in %s is whole", name, PICTURE)
        write_image(result.image, folder.path / name, alpha=alpha, bits=bits, dpi=dpi, text=inside)
    record["files"] = finished.files(folder.path, [PICTURE, *others])


def recipe_texts(settings: dict[str, Any], record: dict[str, Any]) -> dict[str, str]:
    """The recipe of a picture, `{name: text}`: the config as YAML, and a part of the record as JSON."""
    included = {key: record[key] for key in RECORDED}
    return {RECIPE[0]: yaml.safe_dump(settings, sort_keys=False), RECIPE[1]: json.dumps(included)}


def outcome(config: DictConfig, result: Result, metrics: dict[str, Any]) -> dict[str, Any]:
    """The part of the record that describes the result: status, score, metrics, losses, sizes and times."""
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
        "full_size_equivalents": round(result.equivalents, 2),
        "seconds": round(result.seconds, 3),
        "seconds_per_evaluation": round(result.seconds_per_evaluation, 5),
    }


def measured_again(folder: RunFolder, record: dict[str, Any], metrics: dict[str, Any], config: DictConfig) -> None:
    """Write new `metrics` into the record of a finished run; the old ones move to `earlier_metrics`."""
    earlier = [*(record.get("earlier_metrics") or []), record["metrics"]]
    record |= {"metrics": metrics, "score": score(config, metrics), "earlier_metrics": earlier}
    folder.write_record(record)


def _floats(terms: Terms) -> dict[str, dict[str, float]]:
    return {term: {layer: float(value) for layer, value in values.items()} for term, values in terms.items()}


def write_settings(request: Request, folder: RunFolder) -> None:
    """Write config.yaml and overrides.yaml."""
    folder.write_text(CONFIG, yaml.safe_dump(request.recipe, sort_keys=False))
    folder.write_text(OVERRIDES, yaml.safe_dump(request.asked()["overrides"]))


def record_loss(request: Request, why: InputError) -> None:
    """Record that a run failed because its worker died, for the reason `why`; keep a record of another ending.

    Raises:
        InputError: another process is writing in the run folder.
    """
    with RunFolder(request.folder) as folder, folder.log():
        if (folder.record or {}).get("status") in (None, "failed"):
            record_failure(request, folder, why)


def failure(error: BaseException) -> dict[str, str]:
    """The part of the record that describes the `error` that ended a run: status and error."""
    said = str(error) or "it was interrupted" if isinstance(error, EXPECTED) else f"{type(error).__name__}: {error}"
    status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
    return {"status": status, "error": redacted(at_home(said))}


@contextmanager
def failure_noted(record: dict[str, Any]) -> Iterator[None]:
    """Write an exception that passes into `record`, for the observers; `record_failure` writes it to the folder."""
    try:
        yield
    except BaseException as error:
        record |= failure(error)
        raise


def record_failure(request: Request, folder: RunFolder, error: BaseException) -> None:
    """Record a failure in run.log and result.json; the record of a finished or different run stays unchanged."""
    expected, ended = isinstance(error, EXPECTED), failure(error)
    log.error("%s", ended["error"], exc_info=None if expected else error, extra=logs.FILE_ONLY)
    before, asked = folder.record or {}, request.asked()
    ours = before.get("status") in (None, "failed") or before.get("overrides") == asked["overrides"]
    if isinstance(error, TakenError | BusyError) or folder.read_only or before.get("status") == "done" or not ours:
        return
    try:
        write_settings(request, folder)
        folder.write_record({**before, **ended, "score": None, **asked})
    except (OSError, BusyError) as unwritten:  # a full disk; the first error is the one to show
        log.error("the failure cannot be recorded (%s)", unwritten, extra=logs.FILE_ONLY)
