"""Names of folders: of a run, of a sweep, and the resolvers that configs use for them."""

import re
from datetime import datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nst import settings

LONGEST = 100  # bytes of a folder's name


def folder_name(text: str, full: str | None = None) -> str:
    """`text` as a name of a folder; a hash of `full`, by default `text`, is appended if anything was shortened."""
    name, full = _clean(text), text if full is None else full
    if name == full and len(name.encode()) <= LONGEST:
        return name
    return f"{_cut(name, LONGEST - 9)}-{sha1(full.encode(), usedforsecurity=False).hexdigest()[:8]}"


def run_name(dirname: str) -> str:
    """The name of a run's folder in a sweep: its overrides, knobs by their last two parts, files without their folder.

    `dirname` is Hydra's list of overrides, `key=value,key=value`.
    """
    parts = [part.partition("=") for part in re.split(r",(?=[^,\[\]()]*=)", str(dirname))]
    full = ",".join(f"{settings.short(key)}{mark}{value}" for key, mark, value in parts)
    brief = ",".join(f"{settings.short(key)}{mark}{_last_name(value)}" for key, mark, value in parts)
    return folder_name(brief, full)


def _last_name(value: str) -> str:
    """A path's or address's last part; of a list, what is in it."""
    return re.sub(r"[\[\]\"' ]", "", value) if value.startswith("[") else value.rpartition("/")[2]


def label(group: str, *, _root_: DictConfig) -> str:
    """The picture of `content` or `style` as a part of a folder's name."""
    image = OmegaConf.select(_root_, f"{group}.image", throw_on_missing=False)
    return _cut(_clean(Path(str(image).partition("#")[0]).stem), 40) if image else group


def output_folder(*, _root_: DictConfig) -> str:
    """`output.folder`, or the current folder if that is empty."""
    return str(OmegaConf.select(_root_, "output.folder") or ".")


def new_run_folder(config: DictConfig) -> Path:
    """The folder of a new single run, as `hydra.run.dir` in conf/config.yaml names it."""
    now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S-%f")
    labels = (label(group, _root_=config) for group in ("content", "style"))
    return Path(output_folder(_root_=config)) / "_".join((now, *labels))


def _clean(text: Any) -> str:
    return re.sub(r"[^\w.,=-]+", "-", str(text)).strip("-.") or "run"


def _cut(text: str, most: int) -> str:
    """`text`, shortened to so many bytes, which is what file systems count."""
    return text.encode()[:most].decode(errors="ignore")


def register_resolvers() -> None:
    """Make `${nst.run_name:...}`, `${nst.label:...}` and `${nst.folder:}` known to configs."""
    OmegaConf.register_new_resolver("nst.folder", output_folder, replace=True)
    OmegaConf.register_new_resolver("nst.run_name", run_name, replace=True)
    OmegaConf.register_new_resolver("nst.label", label, replace=True)
