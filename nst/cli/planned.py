"""The names of a sweep's run folders, before its first run."""

from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nst.cli.naming import longest, run_name

SUBDIR = "${nst.run_name:${hydra.job.override_dirname}}"  # hydra.sweep.subdir in conf/config.yaml


def planned(config: DictConfig, jobs: Sequence[Sequence[str]]) -> list[str] | None:
    """Return the names of the run folders of a sweep over a grid; None if the config names them otherwise.

    Args:
        config: the config of the sweep, Hydra's part included.
        jobs: the overrides of each run.
    """
    hydra: Any = OmegaConf.to_container(config.hydra, resolve=False)
    if hydra["sweep"]["subdir"] != SUBDIR:
        return None
    settings, most = hydra["job"]["config"]["override_dirname"], longest(config)
    return [run_name(_dirname(job, settings), most) for job in jobs]


def _dirname(job: Sequence[str], settings: dict[str, Any]) -> str:
    """Return `hydra.job.override_dirname` of a job: its overrides, sorted, without the excluded keys."""
    keys = {text: text.partition("=")[0].lstrip("+~").partition("@")[0] for text in job}
    lines = sorted(text for text, key in keys.items() if _names_folders(key, settings["exclude_keys"]))
    return settings["item_sep"].join(lines).replace("=", settings["kv_sep"])


def _names_folders(key: str, excluded: Sequence[str]) -> bool:
    return key not in excluded and not key.startswith(("hydra.", "hydra/"))
