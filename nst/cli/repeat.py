"""Repeat a run from its recipe, and compare the two."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nst.cli import naming
from nst.cli.config_files import ConfigFiles
from nst.cli.recipe import CONF, Recipe, compose_recipe
from nst.cli.recipe_changes import changed, choices
from nst.errors import InputError
from nst.image.io import read_result
from nst.runner.request import Request
from nst.runner.run import run

log = logging.getLogger(__name__)


def repeat(recipe: Recipe, overrides: Sequence[str] = (), files: ConfigFiles = CONF) -> int:
    """Run the recipe; without overrides, log what differs from the recorded run. Return the exit status."""
    recipe = replace(recipe, picture=recipe.picture and recipe.picture.resolve())  # the run moves outputs/latest.png
    tiles = {} if overrides or not recipe.record.get("tiles") else {"tiles": recipe.record["tiles"]}
    config = changed(compose_recipe({**recipe.config, **tiles}, files), overrides, files)
    asked, chosen = (recipe.record.get(key) for key in ("overrides", "choices"))
    after = choices(chosen or {}, overrides, files)
    request = Request(config, naming.new_run_folder(config), [*(asked or []), *overrides], after)
    record = run(request)
    if not overrides:
        for line in differences(recipe, record, request.folder / recipe.written):
            log.info("%s", line)
    return 0 if record["status"] == "done" else 1


def differences(recipe: Recipe, record: Mapping[str, Any], picture: Path) -> list[str]:
    """List the differences from the recorded run, one line each; the last line compares the pixels."""
    provenance = recipe.record.get("provenance")
    if not provenance:
        return ["the run ended without a record: there is nothing to compare"]
    before, now = _facts(recipe.record), _facts(record)
    changed_ = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    lines = [f"{name} has changed: {before.get(name)} then, {now.get(name)} now" for name in changed_]
    return [*lines, *_pixels(recipe.picture, picture)]


def _facts(record: Mapping[str, Any]) -> dict[str, str]:
    """Return everything outside the config that the pixels depend on."""
    provenance = record["provenance"]
    network = provenance.get("network") or {}
    made_of = {**(provenance.get("pictures") or {}), "network": {**network, "source": network.get("name")}}
    digests = {role: f"{entry.get('source')} ({str(entry.get('sha256'))[:12]})" for role, entry in made_of.items()}
    machine = {name: str(provenance.get(name)) for name in ("precision", "device", "threads")}
    return {**digests, **machine, "tiles": str(record.get("tiles")), **(provenance.get("versions") or {})}


def _pixels(before: Path | None, now: Path) -> list[str]:
    if before is None:
        return []
    if not now.is_file():
        return [f"the pixels are not compared: the run wrote no {now.name}"]
    try:
        old, new = (read_result(path).astype(np.int16) for path in (before, now))
    except InputError as error:
        return [f"the pixels cannot be compared: {error}"]
    if old.shape != new.shape:
        return [f"the size has changed: {old.shape[1]}x{old.shape[0]} then, {new.shape[1]}x{new.shape[0]} now"]
    off = np.abs(old - new)
    if not off.any():
        return ["the pixels are identical"]
    return [f"the pixels differ by {off.mean():.2f} of 255 on average, {off.max()} at most"]
