"""Messages about a key that a config does not have: where it exists, or the setting with the nearest name."""

import difflib
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from nst.cli.configs import conf_dir
from nst.errors import unknown_key
from nst.settings import flatten


def unknown_in(section: Any, path: str, key: object) -> str:
    """Name the nearest key in the same `section`, another choice that has the key, or the nearest setting elsewhere."""
    known = [str(name) for name in section or () if not str(name).startswith("_") and name != "hydra"]
    message = f"{unknown_key(path, known, key)}{elsewhere(path)}"
    if not isinstance(section, DictConfig) or "did you mean" in message or elsewhere(path):
        return message
    near = _near_setting(path, section._get_root())
    return f"'{path}' is unknown; did you mean '{near}'?" if near else message


def _near_setting(path: str, config: Any) -> str | None:
    """The setting of `config` with a similar name in another section: `loss.style.weight` for `style.wieght`."""
    everything: Any = OmegaConf.to_container(config, resolve=False)
    settings = flatten({key: value for key, value in everything.items() if key != "hydra"})
    word, names = path.rpartition(".")[2], {key: key.rpartition(".")[2] for key in settings}
    similar = difflib.get_close_matches(word, names.values(), n=len(names), cutoff=0.7)
    near = difflib.get_close_matches(path, [key for key in names if names[key] in similar], n=1)
    return near[0] if near else None


def elsewhere(path: str) -> str:
    """`; color=histogram has it` if another choice of its group has the key at `path`, else an empty string."""
    group, _, key = path.replace(".", "/").rpartition("/")
    files = sorted((Path(conf_dir()) / group).glob("*.yaml")) if group else []
    found = [f"{group}={file.stem}" for file in files if key in (yaml.safe_load(file.read_text("utf-8")) or ())]
    return f"; {' and '.join(found)} {'has' if len(found) == 1 else 'have'} it" if found else ""
