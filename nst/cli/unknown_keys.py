"""Messages about a key that a config does not have: where it exists, or the setting with the nearest name."""

import difflib
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from nst.cli import other_words
from nst.cli.configs import conf_dir
from nst.errors import unknown_key
from nst.settings import flatten


def unknown_in(section: Any, path: str, key: object) -> str:
    """Name another choice that has the key, the nearest key in the same `section`, or the nearest setting elsewhere."""
    root = section._get_root() if isinstance(section, DictConfig) else None
    if found := pointer(path, root):
        return found
    known = [str(name) for name in section or () if not str(name).startswith("_") and name != "hydra"]
    message = str(unknown_key(path, known, key))
    if root is None or "did you mean" in message:
        return message
    near = _near_setting(path, root)
    return f"'{path}' is unknown; did you mean '{near}'?" if near else message


def _near_setting(path: str, config: Any) -> str | None:
    """The setting of `config` with a similar name in another section: `loss.style.weight` for `style.wieght`."""
    everything: Any = OmegaConf.to_container(config, resolve=False)
    settings = flatten({key: value for key, value in everything.items() if key != "hydra"})
    word, names = path.rpartition(".")[2], {key: key.rpartition(".")[2] for key in settings}
    similar = difflib.get_close_matches(word, names.values(), n=len(names), cutoff=0.7)
    near = difflib.get_close_matches(path, [key for key in names if names[key] in similar], n=1)
    return near[0] if near else None


def pointer(path: str, config: Any = None) -> str | None:
    """The message about a key that another choice of its group has, or that has another name here; else None.

    With `config`, it also names the choices that have the key of that other name, if the config lacks it.
    """
    if having := _having(path):
        return f"'{path}' is unknown; {' and '.join(having)} {'has' if len(having) == 1 else 'have'} it"
    meant = [f"'{key}'{_of(key, config)}" for key in other_words.setting(path)]
    return f"'{path}' is unknown; did you mean {' or '.join(meant)}?" if meant else None


def _of(key: str, config: Any) -> str:
    """`, of optimizer=adam and optimizer=sgd` if `config` lacks the key that these have, else an empty string."""
    parent, _, name = key.rpartition(".")
    if config is None or not parent or name in (OmegaConf.select(config, parent) or ()):
        return ""
    having = _having(key)
    return f", of {' and '.join(having)}" if having else ""


def _having(path: str) -> list[str]:
    """The choices of its group that have the key at `path`, like `color=histogram`."""
    group, _, key = path.replace(".", "/").rpartition("/")
    files = sorted((Path(conf_dir()) / group).glob("*.yaml")) if group else []
    return [f"{group}={file.stem}" for file in files if key in (yaml.safe_load(file.read_text("utf-8")) or ())]
