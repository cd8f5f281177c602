"""Hydra's errors -> one line that names the culprit and the nearest right answer, which Hydra does not."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from nst.errors import InputError, suggestion, unknown_key
from nst.runner import schema

INPUT_ERRORS = (InputError, HydraException, OmegaConfBaseException)  # exit status 2: the person can mend it


def one_line(error: BaseException) -> str:
    """The whole of `error` in a line."""
    if isinstance(error, InputError):
        return " ".join(str(error).split())
    if isinstance(error, OverrideParseException):
        return _unreadable(str(error.override))
    ambiguous = re.search(r"Ambiguous value for argument '([^']+)'", str(error))
    if ambiguous:
        name = quoted(ambiguous[1])
        return f"'{ambiguous[1]}' is more than one value; -m sweeps over them, a list is [in,brackets], a name {name}"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        return _no_such_choice(error.missing_cfg_file, error.options)
    in_file = re.search(r"In '([^']+)': .*Key '([^']+)' not in '(\w+)'", " ".join(str(error).split()))
    if in_file:
        known = getattr(schema, in_file[3], schema.Config).__dataclass_fields__
        return f"conf {in_file[1]}: {unknown_key(in_file[2], known)}"
    if "Config group override must be a string" in str(error):
        return "a group cannot be null; --help lists its choices"
    cause = next((item for item in _chain(error) if isinstance(item, OmegaConfBaseException)), None)
    if cause is not None and cause.full_key:
        return _about_key(cause)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be made or written ({error.strerror}); output.folder=... puts runs elsewhere"
    text = " ".join(str(error).split()) or "no reason given"
    return text if isinstance(error, (*INPUT_ERRORS, OSError)) else f"{type(error).__name__}: {text}"


def show(error: BaseException, log_file: Path | None = None) -> int:
    """Print one line on stderr; the exit status: 2 for what the person can correct, else 1.

    Args:
        error: what ended the command or a run.
        log_file: has its traceback; None where there is no run yet.
    """
    before_the_job = (*INPUT_ERRORS, OSError, ValueError)  # composing the config, making the folder
    expected = isinstance(error, before_the_job if log_file is None else INPUT_ERRORS)
    where = f" (traceback: {log_file})" if log_file and not expected else ""
    print(f"nst: {one_line(error)}{where}", file=sys.stderr)  # noqa: T201
    return 2 if expected else 1


def guarded(command: Callable[[], int], expected: type[Exception] = Exception) -> int:
    """The exit status of `command()`: 130 after Ctrl-C, and after an `expected` error the one that `show` gives."""
    try:
        return command()
    except KeyboardInterrupt:
        return 130
    except expected as error:
        return show(error)


def _unreadable(override: str) -> str:
    if "=" not in override:
        return f"'{override}' is no override: write key=value, without spaces; --help lists the keys"
    return (
        f"cannot read '{override}'; a value with commas, brackets, '=', '~' or letters beyond ASCII needs quotes "
        f"inside the shell's: {quoted(override)}"
    )


def quoted(override: str) -> str:
    """An override for a shell, its value quoted for Hydra too."""
    key, _, value = override.partition("=")
    return f"""'{key}="{value}"'"""


def _no_such_choice(file: str, options: Sequence[str]) -> str:
    for group in ("content", "style"):
        name = file.removeprefix(f"{group}/")
        if name != file and ("." in name or "/" in name):
            return f"there is no {group}={name}; a picture of your own is {group}.image={name}"
    group, _, name = file.rpartition("/")
    return f"there is no {group}={name}{suggestion(name, options)}"


def _about_key(error: OmegaConfBaseException) -> str:
    """An unknown key, with those beside it; or a value that does not fit."""
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        known = [str(key) for key in error.parent_node or () if not str(key).startswith("_") and key != "hydra"]
        return str(unknown_key(str(error.full_key), known, error.key))
    text = str(error.msg or error).splitlines()[0]
    chosen = re.search(r"Invalid value '([^']*)', expected one of \[([^\]]*)\]", text)
    if chosen:
        return f"{error.full_key}: '{chosen[1]}' is unknown{suggestion(chosen[1], chosen[2].split(', '))}"
    return f"{error.full_key}: {text}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
