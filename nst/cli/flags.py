"""The flags of `python -m nst.run`: Hydra's, with errors in one line, in any place of the command."""

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

import hydra
from hydra._internal.utils import get_args_parser

from nst.arguments import Parser, own_version
from nst.cli import other_words
from nst.cli.run_mode import several_runs
from nst.errors import InputError
from nst.runner.hydra_versions import READS_MODE_FIRST
from nst.runner.schema import Config

AGAINST_MULTIRUN = ("hydra.mode=RUN", "+hydra.mode=RUN", "++hydra.mode=RUN")


def flags_first(arguments: Sequence[str]) -> list[str]:
    """Return `arguments` with the flags before the overrides, as Hydra needs them, and with `-m` if Hydra needs that.

    Raises:
        InputError: `-m` and `hydra.mode=RUN` contradict each other, or a flag would load a pickle.
        SystemExit: after `--version`, or after the error line of an invalid flag.
    """
    options = flags_of(arguments)
    left, flags = list(options.overrides), []
    for argument in arguments:
        if left and argument == left[0]:
            del left[0]
        else:
            flags.append(argument)
    if options.experimental_rerun:
        raise InputError("--experimental-rerun would execute the file; python -m nst.repeat PICTURE repeats a run")
    if options.multirun and any(override in AGAINST_MULTIRUN for override in options.overrides):
        raise InputError("-m makes a sweep, but hydra.mode=RUN makes one run; leave one of them out")
    several = READS_MODE_FIRST and several_runs(options)
    return [*flags, *(["-m"] if several else []), *options.overrides]


def flags_of(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the values of Hydra's flags, and the overrides as `overrides`."""
    return _parser().parse_intermixed_args(list(arguments))


def help_topics(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """The groups and settings after `--help`, and the value of `--config-dir`; no topics: Hydra prints the help."""
    options = _parser().parse_intermixed_args(list(arguments))
    topics = [text for text in options.overrides if "=" not in text and not text.startswith("~")]
    return topics if options.help else [], options.config_dir


class _Parser(Parser):
    """Explains settings that are written like options."""

    def error(self, message: str) -> NoReturn:
        """Print `message` and exit; a setting with dashes gets its override."""
        unknown = re.match(r"unrecognized arguments: --([\w-]+)", message)
        if unknown and (meant := _meant(unknown[1].replace("-", "_"))):
            overrides = " or ".join(name if "=" in name else f"{name}=..." for name in meant)
            message = f"there is no option --{unknown[1]}; settings have no dashes: write {overrides}"
        super().error(message)


def _meant(name: str) -> list[str]:
    """The settings that an option with the name of a setting means; empty if there is none."""
    return other_words.setting(name) or [key for key in Config.__dataclass_fields__ if key == name]


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="nst", parents=[get_args_parser()], add_help=False, conflict_handler="resolve")
    text = f"nst {own_version()}, Hydra {hydra.__version__}"
    parser.add_argument("--version", action="version", version=text, help="print the versions of nst and Hydra")
    return parser
