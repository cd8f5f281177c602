"""The recorded command of a sweep, checked before it is given again, because anybody may have written it.

It may choose files of `conf/` by name and set values. It may name no class, no tracker and no folder of configs. It may
contain no interpolation. It may set nothing of Hydra except for nst's launchers and sweepers, with plain values.
"""

import re
from collections.abc import Iterator, Sequence

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString
from hydra.errors import HydraException

from nst.cli.config_files import ConfigFiles
from nst.cli.resuming import OF_THE_FOLDER, key_of
from nst.errors import InputError, printable
from nst.observers.tracker import is_tracker
from nst.redaction import is_redacted, redacted_override
from nst.setting_rules import PICTURES

MAGIC = re.compile(r"\b_[a-z]+_\b")  # keys that change how Hydra builds objects, like `_target_`
KEY = re.compile(r"[A-Za-z][\w-]*(?:[./@][A-Za-z][\w-]*)*")
CHOICE = re.compile(r"\w[\w-]*")  # the name of a file of a group
PLAIN = re.compile(r"[\w.+-]*")
PARTS = ("launcher", "sweeper")  # of Hydra
PARAMS = "hydra.sweeper.params."  # settings of a search, whose keys are those of the config
LONGEST, LONGEST_KEY = 4096, 200  # characters of a value and of a key
LONGEST_LIST = 2**20  # characters of an override: the photographs of a folder are one
MAY_CHANGE = (
    "a resumed sweep keeps its settings; hydra/launcher, hydra.launcher.*, hydra.sweeper.*, baseline, tags and notes "
    "may be changed"
)
LABELS = ("baseline", "tags", "notes")


def merged(recorded: Sequence[str], given: Sequence[str], files: ConfigFiles) -> list[str]:
    """The overrides of a resumed sweep: the recorded ones, checked, in part replaced by those that the user gives.

    Args:
        recorded: those of the sweep's folder.
        given: those of the user: settings of launcher and sweeper, labels, and recorded addresses with their secrets.
        files: the files of configs that the sweep may choose from.

    Raises:
        InputError: a recorded override is not allowed or lacks the secret of an address; another one would change
            the runs.
    """
    own, before = ({key_of(text): text for text in texts} for texts in (given, recorded))
    for key, text in own.items():
        if key in OF_THE_FOLDER:
            raise InputError(f"{key} is that of the folder; leave it out")
        if not _may_change(key) and redacted_override(text) != before.get(key):
            was = f"was {printable(before[key])[:80]}" if key in before else "was not set"
            raise InputError(f"{printable(redacted_override(text))}: {key} {was}; {MAY_CHANGE}")
    kept: list[str] = []
    for text in recorded:  # their order is that of the runs
        if (key := key_of(text)) in own:
            kept += [own[key]] if own[key] not in kept else []
        elif key not in OF_THE_FOLDER:
            check(text, files)
            _check_secret(text)
            kept.append(text)
    return [*kept, *(text for key, text in own.items() if key not in before)]


def _check_secret(text: str) -> None:
    if is_redacted(text):
        raise InputError(
            f"{printable(text)[:200]} lacks its user name, password or query, which are never recorded; give the whole "
            f"override after the folder"
        )


def _may_change(key: str) -> bool:
    return key in LABELS or any(key.startswith((f"hydra/{part}", f"hydra.{part}.")) for part in PARTS)


def check(text: str, files: ConfigFiles) -> None:
    """Check an override of a sweep's record, and those inside `ablate` and a search's space.

    Raises:
        InputError: it is not one that a record may contain.
    """
    said = f"the sweep's '{printable(text)[:80]}'"
    if len(text) > LONGEST_LIST or "${" in text or not text.isprintable():
        raise InputError(f"{said} is not taken from a folder: it is computed, or too long")
    try:
        override = OverridesParser.create().parse_override(text)
    except (HydraException, RecursionError) as error:
        raise InputError(f"{said} is no override") from error
    if len(text) > LONGEST and any(len(value) > LONGEST for value in _names(override)):
        raise InputError(f"{said} is not taken from a folder: it is too long")
    if MAGIC.search(text) and not _names_pictures(override):
        raise InputError(f"{said} is not taken from a folder: it names a class")
    key, place = override.key_or_group, override.package or ""
    known = all(len(name) <= LONGEST_KEY and KEY.fullmatch(name) for name in (key, *([place] if place else [])))
    if not known or place.startswith("hydra"):
        raise InputError(f"{said} is not taken from a folder: its key is not one of nst's")
    if key.startswith("hydra"):
        _check_hydra(said, key, override, files)
    elif files.is_group(key):
        _check_choice(said, override)
        _check_observers(said, key, override, files)
    elif "/" in key or place:
        raise InputError(f"{said} is not taken from a folder: there is no group {key}")
    for inner in _texts(override.value()) if key == "ablate" else ():
        check(inner, files)


def _check_choice(said: str, override: Override) -> None:
    if not all(CHOICE.fullmatch(name) or name in ("null", "None") for name in _names(override)):
        raise InputError(f"{said} is not taken from a folder: it does not name files of conf/{override.key_or_group}")


def _check_observers(said: str, key: str, override: Override, files: ConfigFiles) -> None:
    """Check that a choice of observers names no tracker: a stranger would choose where data is sent."""
    texts = files.texts("observers") if key == "observers" else {}
    chosen = [yaml.safe_load(texts[name]) or {} for name in _names(override) if name in texts]
    if any(is_tracker(observer) for choice in chosen for observer in choice.values()):
        raise InputError(f"{said} sends data elsewhere; give it again after the folder, if you trust it")


def _check_hydra(said: str, key: str, override: Override, files: ConfigFiles) -> None:
    """Check an override of launcher or sweeper: one of nst's, and numbers and words without / or spaces."""
    if key.startswith(PARAMS):
        check(f"{key.removeprefix(PARAMS)}={override.value()}", files)
        return
    part = next((part for part in PARTS if key.startswith((f"hydra/{part}", f"hydra.{part}."))), None)
    own = {*files.texts(f"hydra/{part}"), "basic"}
    allowed = all(name in own for name in _names(override)) if "/" in key else PLAIN.fullmatch(str(override.value()))
    if part is None or not allowed:
        raise InputError(f"{said} is not taken from a folder; give it again after the folder, if you trust it")


def _names_pictures(override: Override) -> bool:
    """Whether the override has nothing but names of pictures, which may look like keys of Hydra."""
    value = override.value()
    names = value.list if isinstance(value, ChoiceSweep) else [value]
    return override.key_or_group in PICTURES and all(isinstance(name, str | QuotedString) for name in names)


def _names(override: Override) -> list[str]:
    """The values of an override, one or several, as texts."""
    if override.is_sweep_override() and override.is_discrete_sweep():
        return [str(name) for name in override.sweep_string_iterator()]
    return list(_texts(override.value()))


def _texts(value: object) -> Iterator[str]:
    """The texts in nested lists."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)
