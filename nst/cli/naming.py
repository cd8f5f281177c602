"""Names of run folders, and the resolvers that configs use for them."""

import os
import re
from collections.abc import Callable
from datetime import datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nst import settings
from nst.redaction import MARK, redacted_address, redacted_override
from nst.runner.hydra_versions import register_resolver
from nst.runtime import file_names, system

LONGEST = 100  # bytes in a folder name, at most
BRIEF = 20  # letters of a value in a name that would be longer


def folder_name(text: str, full: str | None = None, most: int = LONGEST) -> str:
    """Turn `text` into a folder name for all systems, of at most `most` bytes.

    A hash of `full` (default: `text`) is appended if the name leaves anything out, or if it has capital letters and the
    system takes names that differ only in case for one.
    """
    name, full = _clean(text), text if full is None else full
    if name == full and len(name.encode()) <= most and not (system.CASELESS and name != name.lower()):
        return name
    return f"{_cut(name, most - 9)}-{sha1(os.fsencode(full), usedforsecurity=False).hexdigest()[:8]}"


def longest(config: Any) -> int:
    """The most bytes of a run's name in a sweep; on Windows fewer if the sweep's folder has a long path.

    Args:
        config: the config of the sweep or of a run of it, Hydra's part included.
    """
    if not system.WINDOWS:
        return LONGEST
    return min(LONGEST, file_names.room(Path(OmegaConf.select(config, "hydra.sweep.dir"))))


def run_name(dirname: str, most: int = LONGEST) -> str:
    """Name a run's folder in a sweep by its overrides: the last two parts of each key, files without their folder.

    Args:
        dirname: Hydra's list of overrides, `key=value,key=value`.
        most: bytes of the name, at most.
    """
    full = _shortened(redacted_override(str(dirname), tagged=True))
    name = _shortened(redacted_override(str(dirname)), _last_name)
    return folder_name(name if len(name.encode()) <= most else _briefly(name), full, most)


def _briefly(name: str) -> str:
    """Shorten each part of a name that is too long, so that there is room for more of them: `content=me.jpg`."""
    parts = [part.partition("=") for part in name.split(",")]
    keys = [key.removesuffix(".image") for key, *_ in parts]
    values = [value if len(value) <= BRIEF else f"{value[: BRIEF // 2]}-{value[-BRIEF // 2 :]}" for *_, value in parts]
    return ",".join(f"{key}{mark}{value}" for key, (_, mark, _), value in zip(keys, parts, values, strict=True))


def _shortened(dirname: str, value: Callable[[str], str] = str) -> str:
    """Return `dirname` with the last two parts of each key, and each value changed by `value`."""
    parts = [part.partition("=") for part in re.split(r",(?=[^,\[\]()]*=)", dirname)]
    return ",".join(f"{settings.short(key)}{mark}{value(text)}" for key, mark, text in parts)


def _last_name(value: str) -> str:
    """Return the last part of a path or redacted address, or the contents of a list without brackets."""
    value = value.strip("\"'").replace("\\'", "'")
    name = re.sub(r"[\[\]\"' ]", "", value) if value.startswith("[") else re.split(r"[/\\]", value)[-1]
    return re.sub(r"\?\*{3}", "", name)


def label(group: str, *, _root_: DictConfig) -> str:
    """Return the names of the content or style pictures for a folder name; `group` if the config names none."""
    section = OmegaConf.select(_root_, group)
    given = [section.get(key) for key in ("image", "images")] if isinstance(section, DictConfig) else []
    images = [name for part in given if part for name in (part if OmegaConf.is_list(part) else [part])]
    return _cut("-".join(map(_stem, images)), 40).rstrip("-.") if images else group


def _stem(image: Any) -> str:
    """The name of a picture, without folder and suffix."""
    name = redacted_address(str(image)).partition("#")[0].removesuffix(f"?{MARK}")
    return _clean(Path(name).stem)


def output_folder(*, _root_: DictConfig) -> str:
    """Return `output.folder`, or the current folder if it is empty."""
    return str(OmegaConf.select(_root_, "output.folder") or ".")


def new_run_folder(config: DictConfig) -> Path:
    """Return the folder of a new single run, in the form of `hydra.run.dir` in conf/config.yaml."""
    now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S-%f")
    labels = (label(group, _root_=config) for group in ("content", "style"))
    return Path(output_folder(_root_=config)) / "_".join((now, *labels))


def _clean(text: Any) -> str:
    name = re.sub(r"[^\w.,=-]+", "-", str(text)).strip("-.") or "run"
    return f"_{name}" if file_names.problem(name) else name


def _cut(text: str, most: int) -> str:
    """Shorten `text` to `most` bytes: file systems limit bytes, not letters."""
    return text.encode()[:most].decode(errors="ignore")


def _run_name(dirname: str, *, _root_: DictConfig) -> str:
    return run_name(dirname, longest(_root_))


def register_resolvers() -> None:
    """Register `${nst.run_name:...}`, `${nst.label:...}` and `${nst.folder:}` with OmegaConf."""
    register_resolver("nst.folder", output_folder)
    register_resolver("nst.run_name", _run_name)
    register_resolver("nst.label", label)
