"""summary.csv: a row per run."""

from collections.abc import Sequence
from typing import Any

from nst import settings
from nst.report import spreadsheet
from nst.report.groups import setting_names
from nst.report.pairs import names
from nst.report.runs import FIGURES, Run
from nst.setting_rules import of_a_command

FILE = "summary.csv"


def rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return one row per run.

    Its columns are status, setting, pair, seed, tags, notes, overridden settings, figures, losses, network, start time
    and error.

    All rows have the same columns; None fills those that a run lacks.
    """
    given = dict.fromkeys(name for run in runs for name in settings.overridden(run.overrides))
    asked = [name for name in given if not of_a_command(name)]
    losses = list(dict.fromkeys(name for run in runs for name in _losses(run)))
    settings_of, pairs = setting_names(runs), names(runs)
    return [_row(run, settings_of.get(run), pairs[run], asked, losses) for run in runs]


def as_csv(runs: Sequence[Run]) -> str:
    """Return `rows` as the text of summary.csv."""
    return spreadsheet.as_csv(rows(runs))


def _row(run: Run, setting: str | None, pair: str, asked: Sequence[str], losses: Sequence[str]) -> dict[str, Any]:
    names = settings.overridden(run.overrides)
    given = {name: text.partition("=")[2] for name, text in zip(names, run.overrides, strict=True)}
    weighed = _losses(run)
    about = {"setting": setting, "pair": pair, "seed": run.settings.get("seed"), "tags": ", ".join(run.tags)}
    about |= {"notes": run.notes}
    return {
        "run": run.name,
        "status": run.status,
        **about,
        **{name: run.settings.get(name, given.get(name)) for name in asked if name not in about},
        **{name: run.figure(name) for name in FIGURES},
        **{name: weighed.get(name) for name in losses},
        "metric_network": run.metric_network,
        "started": run.record.get("started"),
        "error": run.error,
    }


def _losses(run: Run) -> dict[str, float]:
    """Return the losses of the last evaluation: weighted as `loss/...`, canonical as `term/...`."""
    return {
        f"{kind}/{term}/{layer}": value
        for kind, terms in (("loss", run.record.get("weighted")), ("term", run.record.get("canonical")))
        for term, values in (terms or {}).items()
        for layer, value in values.items()
    }
