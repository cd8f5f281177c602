"""Compose the config of a run in Python, as the command does; build its transfer, or make the run."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from nst.cli import configs, hydra_errors
from nst.cli.naming import new_run_folder
from nst.errors import InputError
from nst.runner.checks import checked_tiles
from nst.runner.hydra_versions import VERSION_BASE
from nst.runner.pictures import Pictures
from nst.runner.request import Request
from nst.runtime import device
from nst.runtime.home import expanded
from nst.sweep import suite

if TYPE_CHECKING:
    from nst.transfer.transfer import Transfer


@dataclass(frozen=True)
class Composed:
    """The composed config of one run, from `nst.compose`.

    Attributes:
        config: all settings, by name: `config.loss.style.weight`. They may be changed before a call of a method.
        overrides: those that it was composed with.
        choices: {group: chosen file}.
    """

    config: DictConfig
    overrides: Sequence[str] = ()
    choices: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        """The config as YAML."""
        return OmegaConf.to_yaml(self.config, resolve=True)

    def transfer(self) -> "Transfer":
        """Read the pictures, load the network, and return the `Transfer` of the config, for `nst.stylize`.

        `tiles=auto` counts as `off`.

        Raises:
            InputError: a setting or a picture is invalid.
        """
        pictures = Pictures(self.config)
        device.prepare(self.config.threads)
        from nst.runner.setup import transfer_of

        side = checked_tiles(self.config.tiles)
        return replace(transfer_of(self.config, pictures), tiles=side if isinstance(side, int) else None)

    def run(self, folder: str | Path | None = None) -> dict[str, Any]:
        """Make the run as the command does, in a run folder, and return its record, the content of `result.json`.

        Args:
            folder: the run folder; None: a new one in `output.folder`. A run that is done there is not made again, and
                one that was stopped continues.

        Raises:
            InputError: a setting or a picture is invalid, or the folder holds another run.
        """
        from nst.runner.run import run

        here = new_run_folder(self.config) if folder is None else expanded(str(folder))
        return run(Request(self.config, here, self.overrides, self.choices))


def compose(*overrides: str, config_dir: str | Path | None = None) -> Composed:
    """Compose the config of one run, as `python -m nst.run` does: `nst.compose("style=ink", "size=256")`.

    Args:
        overrides: `key=value` or `group=choice`, in the syntax of the command line, without the shell's quotes.
        config_dir: a folder with configs of your own, like `--config-dir`.

    Raises:
        InputError: an override is invalid, or makes a sweep; one line names the nearest right answer.
    """
    configs.register()
    try:
        with _hydra():
            config = hydra.compose("config", [*overrides, *_searched(config_dir)], return_hydra_config=True)
            several = suite.mode(_root_=config)
            choices = dict(config.hydra.runtime.choices)
            own: Any = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    except InputError:
        raise
    except hydra_errors.INPUT_ERRORS as error:
        raise InputError(hydra_errors.one_line(error)) from error
    if several or choices.get("sweep"):
        raise InputError("nst.compose makes one run; a sweep, a suite, replicates and ablate need python -m nst.run")
    return Composed(own, overrides, choices)


@contextmanager
def _hydra() -> Iterator[None]:
    """nst's own Hydra while inside, whichever is in use outside."""
    outside = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(configs.conf_dir(), job_name="nst", **VERSION_BASE):
            yield
    finally:
        GlobalHydra.instance().clear()
        if outside is not None:
            GlobalHydra.instance().initialize(outside)


def _searched(folder: str | Path | None) -> list[str]:
    """The override that adds a folder of configs.

    Raises:
        InputError: there is no such folder.
    """
    if folder is None:
        return []
    path = expanded(str(folder)).absolute()
    if not path.is_dir():
        raise InputError(f"config_dir: there is no folder {path}")
    quoted = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return [f"hydra.searchpath=['file://{quoted}']"]
