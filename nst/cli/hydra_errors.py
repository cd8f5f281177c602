"""Hydra's errors, each as one line that names the culprit and the nearest right answer."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from traceback import format_exception

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from nst.assets.picture_file import suffixes
from nst.cli import other_words, search_path
from nst.cli.configs import conf_dir
from nst.cli.unknown_keys import pointer, unknown_in
from nst.errors import InputError, UnknownKeyError, printable, suggestion, unknown_key
from nst.redaction import redacted, redacted_address
from nst.runner import schema
from nst.runner.checks import no_section
from nst.runtime.atomic import PART
from nst.runtime.process import check_current_folder, closed_output_ignored

FOLDERS = ("hydra.run.dir", "hydra.sweep.dir", "sweep_dir")  # settings of a folder, besides output.folder
LONGEST = 2000  # characters of a message, at most
INPUT_ERRORS = (InputError, HydraException, OmegaConfBaseException)  # exit status 2: the user can correct them


def one_line(error: BaseException, run: Path | None = None) -> str:
    """Describe `error` in one line, without the secrets of addresses; `run` is the folder of the run that raised it."""
    return redacted(_one_line(error, run))


def _one_line(error: BaseException, run: Path | None) -> str:
    if isinstance(error, InputError):
        found = pointer(error.path) if isinstance(error, UnknownKeyError) else None
        return found or " ".join(str(error).split())
    if isinstance(error, RecursionError):
        return "an override is nested too deeply; leave out brackets"
    if isinstance(error, OSError) and error.filename:
        return _about_file(error, run)
    text = " ".join(str(error).split()) or "no reason given"
    if full := re.search(r"(/.+?); (No space left on device)", text):  # TensorFlow's words
        return _unwritable(full[1], full[2])
    known = isinstance(error, (*INPUT_ERRORS, OSError))
    return _of_hydra(error, text) or (text if known else f"{type(error).__name__}: {text}")


def _of_hydra(error: BaseException, text: str) -> str | None:
    """Describe an error of Hydra with the message `text`; None for other errors, and if the message is good enough."""
    if isinstance(error, OverrideParseException):
        return _unreadable(str(error.override))
    if ambiguous := re.search(r"Ambiguous value for argument '([^']+)'", text):
        return _several_values(ambiguous[1])
    if whole := re.search(r"Could not override '([\w/]+)'\. No match in the defaults list", text):
        return _no_group(whole[1], sys.argv)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        return _no_such_choice(error.missing_cfg_file, error.options)
    added = re.search(r"Multiple values for ([\w/]+)\.", text)
    if added and (given := next((part for part in sys.argv if part.startswith(f"+{added[1]}=")), None)):
        return f"{added[1]} has a choice already, which another replaces: write {given[1:]}, without +"
    if described := search_path.about(text) or _of_hydra_1_4(text):
        return described
    if resolver := re.search(r"InputError raised while resolving interpolation: (.*?)(?: full_key: .*)?$", text):
        return resolver[1]
    if in_file := re.search(r"In '([^']+)': .*Key '([^']+)' not in '(\w+)'", text):
        known = getattr(schema, in_file[3], schema.Config).__dataclass_fields__
        return f"conf {in_file[1]}: {unknown_key(in_file[2], known)}"
    if "Config group override must be a string" in text:
        return "a group cannot be null; --help lists its choices"
    cause = next((item for item in _chain(error) if isinstance(item, OmegaConfBaseException)), None)
    return _about_key(cause, str(error)) if cause is not None and cause.full_key else None


def _of_hydra_1_4(text: str) -> str | None:
    """Describe an error with a message that only Hydra 1.4 or OmegaConf 2.4 has; None for another message."""
    above = re.search(r"Parent traversal .*? is not supported \('(.+?)'\)", text)
    if above and (given := next((part for part in sys.argv if part.endswith(f"={above[1]}")), None)):
        return _no_such_choice(given.lstrip("+").replace("=", "/", 1), ())
    if wrong := re.search(r"is not a subclass of (\w+)\. value: (.*?)(?: full_key:|$)", text):
        sections = {
            getattr(entry.type, "__name__", ""): key for key, entry in schema.Config.__dataclass_fields__.items()
        }
        return str(no_section(sections[wrong[1]], wrong[2])) if wrong[1] in sections else None
    return None


def show(error: BaseException, log_file: Path | None = None, *, traceback: bool = False) -> int:
    """Print `error` as one line on stderr; return the exit status: 2 if the user can correct it, else 1.

    Args:
        error: the exception that ended the command or a run.
        log_file: the log with the traceback; None before a run begins.
        traceback: print the whole traceback above the line, without the secrets of addresses.
    """
    # while composing and creating the folder:
    before_the_job = (*INPUT_ERRORS, OSError, ValueError, RecursionError, UserWarning)
    expected = isinstance(error, before_the_job if log_file is None else INPUT_ERRORS)
    where = f" (traceback: {log_file})" if log_file and not expected else ""
    line = _shortened(printable(one_line(error, log_file and log_file.parent)))
    if traceback:
        print(redacted("".join(format_exception(error))), file=sys.stderr)  # noqa: T201
    print(f"nst: {line}{where}", file=sys.stderr)  # noqa: T201
    return 2 if expected else 1


def _shortened(text: str) -> str:
    """Leave out the middle of a message that repeats a long value."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def guarded(command: Callable[[], int]) -> int:
    """Return the exit status of `command()`: 130 after Ctrl-C, that of `show` after an error."""
    try:
        with closed_output_ignored():
            check_current_folder()
            return command()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001
        return show(error)
    return 0  # the reader of the output closed it


def _about_file(error: OSError, run: Path | None) -> str:
    """Describe an error of a file: in the run's folder, and before the run, nst could not write it."""
    if run and not Path(str(error.filename)).absolute().is_relative_to(run.absolute()):  # opened by a person's module
        return f"{type(error).__name__}: {error.filename}: {error.strerror}"
    return _unwritable(str(error.filename), str(error.strerror))


def _unwritable(path: str, why: str) -> str:
    shown = Path(path).parent if PART.fullmatch(Path(path).name) else path
    given = {argument.partition("=")[0].lstrip("+") for argument in sys.argv[1:]}
    setting = next((key for key in FOLDERS if key in given), "output.folder")
    return f"{shown} cannot be created or written ({why}); choose another {setting}=..."


def _several_values(override: str) -> str:
    key, _, value = override.partition("=")
    several = f"'style.images=[{value}]' with style=blend" if key == "style.image" else "[a,b]"
    return f"'{override}' has more than one value; use -m to sweep, {several} for a list, {quoted(override)} for a name"


def _no_group(name: str, arguments: Sequence[str]) -> str:
    """Describe `name=choice` for a folder of groups, like `loss`."""
    groups = sorted(f"{name}/{folder.name}" for folder in (Path(conf_dir()) / name).iterdir() if folder.is_dir())
    value = next((part.partition("=")[2] for part in arguments if part.startswith(f"{name}=")), "")
    having = [f"{group}={value}" for group in groups if (Path(conf_dir()) / group / f"{value}.yaml").is_file()]
    return f"'{name}' has groups of its own; write {' or '.join(having or [f'{group}=...' for group in groups])}"


def _unreadable(override: str) -> str:
    override = redacted_address(override)
    if "=" not in override and Path(override).suffix.lower() in suffixes():
        return (
            f"'{override}' is not an override; for your own picture write content.image={override} or style.image=..."
        )
    if "=" not in override:
        return f"'{override}' is not an override: write key=value, without spaces; --help lists the keys"
    key, _, value = override.partition("=")
    if key != key.strip():
        return f"cannot read '{override}'; write {key.strip()}={value.strip()}, without spaces around '='"
    if key.lstrip("+") == "ablate":
        return f"cannot read '{override}'; write {_quoted_list(key, value)}, with both kinds of quotes"
    return (
        f"cannot read '{override}'; a value with commas, brackets, '=', '~' or non-ASCII letters needs quotes "
        f"inside the shell's quotes: {quoted(override)}"
    )


def _quoted_list(key: str, value: str) -> str:
    """A list of overrides, each quoted for Hydra, and all quoted for a shell; an example for a nested list."""
    if "[" in value[1:]:
        return f"\"{key}=[['optimizer=adam','optimizer.learning_rate=0.05'],'init=noise']\""
    entries = re.split(r",(?=[\w./@+~]+=)", value.strip("[]"))
    return f'"{key}=[{",".join(repr(entry) for entry in entries)}]"'


def quoted(override: str) -> str:
    """Quote an override for a shell, and its value for Hydra."""
    key, _, value = override.partition("=")
    return f"""'{key}="{value}"'"""


def _no_such_choice(file: str, options: Sequence[str]) -> str:
    for group in ("content", "style"):
        name = file.removeprefix(f"{group}/")
        if name != file and ("." in name or "/" in name):
            return f"there is no {group}={name}; for your own picture use {group}.image={name}"
    group, _, name = file.rpartition("/")
    if meant := other_words.choice(group, name):
        return f"there is no {group}={name}; did you mean {' or '.join(meant)}?"
    return f"there is no {group}={name}{suggestion(name, options)}"


def _about_key(error: OmegaConfBaseException, around: str) -> str:
    """Describe an unknown key, with the nearest known one, or an invalid value; `around` is Hydra's own message."""
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        return unknown_in(error.parent_node, str(error.full_key), error.key)
    text = str(error.msg or error).splitlines()[0]
    if section := re.search(r"Invalid type assigned: \w+ is not a subclass of (\w+). value: (.*)", text):
        known = getattr(schema, section[1], schema.Config).__dataclass_fields__
        settings = ", ".join(f"{error.full_key}.{name}=..." for name in known)
        return f"'{error.full_key}' must contain settings, not {section[2]}: write {settings}"
    given = re.search(r"override [^=]+=(.*)", around)
    if given and "is not a ListConfig" in text:
        return f"{error.full_key} must be a list, like [{given[1]}]"
    missing = re.search(r"Interpolation key '([^']*)' not found", text)
    if missing:
        known = schema.Config.__dataclass_fields__
        return f"{error.full_key}: there is no setting '{missing[1]}' to insert{suggestion(missing[1], known)}"
    chosen = re.search(r"Invalid value '([^']*)', expected one of \[([^\]]*)\]", text)
    if chosen:
        return f"{error.full_key}: '{chosen[1]}' is unknown{suggestion(chosen[1], chosen[2].split(', '))}"
    return f"{error.full_key}: {text}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
