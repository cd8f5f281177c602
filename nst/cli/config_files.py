"""The files of configs: those of `conf/`, and of one folder of the user's own with the same layout."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from nst.cli.configs import conf_dir
from nst.errors import InputError, printable
from nst.runner.hydra_versions import VERSION_BASE
from nst.runner.instantiate import TARGET
from nst.runtime.home import expanded


@dataclass(frozen=True)
class ConfigFiles:
    """The files of `conf/`, and of the folder `own`, an absolute path; None: there is none."""

    own: Path | None = None

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders, in the order in which Hydra searches them."""
        return (*([self.own] if self.own else ()), Path(conf_dir()))

    @property
    def flags(self) -> list[str]:
        """The flags of a command that uses these files."""
        return ["--config-dir", str(self.own)] if self.own else []

    def is_group(self, key: str) -> bool:
        """Whether `key`, with slashes, is a config group; a user's folder adds no groups."""
        return (Path(conf_dir()) / key).is_dir()

    def group(self, path: str) -> str:
        """The config group of the node at the dotted `path`, also if the node is nested in another choice."""
        names = path.split(".")
        return next((group for k in range(len(names), 0, -1) if self.is_group(group := "/".join(names[:k]))), path)

    def targets(self, group: str) -> set[str]:
        """Every `_target_` in the files of a group."""
        texts = [text for folder in self.folders for text in _texts(folder, group).values()]
        return {target for text in texts for target in re.findall(rf"{TARGET}:\s*([\w.]+)", text)}

    def texts(self, group: str) -> dict[str, str]:
        """`{choice: YAML}` of the files of a group; those of the user's folder win."""
        return {name: text for folder in reversed(self.folders) for name, text in _texts(folder, group).items()}

    def composed(self, overrides: Sequence[str] = ()) -> DictConfig:
        """The config of the defaults with `overrides`, by Hydra."""
        search = [f"hydra.searchpath=['file://{_quoted(self.own)}']"] if self.own else []
        with initialize_config_dir(conf_dir(), **VERSION_BASE):
            return compose("config", [*search, *overrides])


def of(folder: Path | None) -> ConfigFiles:
    """The files of `conf/` and of a user's `folder`.

    Raises:
        InputError: there is no such folder.
    """
    if folder is None:
        return ConfigFiles()
    path = expanded(folder).absolute()
    if not path.is_dir():
        raise InputError(f"--config-dir {printable(str(folder))}: there is no such folder")
    return ConfigFiles(path)


@cache
def _texts(folder: Path, group: str) -> dict[str, str]:
    """`{choice: YAML}` of the files of a group in `folder`."""
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted((folder / group).glob("*.yaml"))}


def _quoted(path: Path) -> str:
    return re.sub(r"(['\\])", r"\\\1", str(path))
