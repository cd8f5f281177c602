"""Whether a command makes several runs without `-m`, as with a suite: `hydra.mode` of its composed config.

Hydra 1.3 finds that out itself. Hydra 1.4 reads `hydra.mode` before it composes the config.
"""

import argparse
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.utils import setup_globals
from hydra.types import RunMode

from nst.cli.configs import conf_dir

ANSWERED = ("multirun", "run", "help", "hydra_help", "cfg", "info", "shell_completion")  # flags that leave no question
MODE = "hydra.mode="


def several_runs(options: argparse.Namespace) -> bool:
    """Whether the config of a command asks for several runs; False if the command says so itself, or is invalid.

    Args:
        options: the command, parsed with Hydra's parser.
    """
    given = any(override.lstrip("+").startswith(MODE) for override in options.overrides)
    if given or any(getattr(options, flag) for flag in ANSWERED):
        return False
    try:
        loader = ConfigLoaderImpl(config_search_path=_search_path(options))
        setup_globals()
        config = loader.load_configuration(
            options.config_name or "config",
            overrides=options.overrides,
            run_mode=RunMode.MULTIRUN,
            validate_sweep_overrides=False,
        )
        return config.hydra.mode == RunMode.MULTIRUN
    except Exception:  # noqa: BLE001  Hydra composes the config next, and raises the same
        return False


def _search_path(options: argparse.Namespace) -> ConfigSearchPath:
    path = create_config_search_path(options.config_path or conf_dir())
    if options.config_dir:
        schema = SearchPathQuery(provider="schema")
        path.prepend("command-line", f"file://{Path(options.config_dir).absolute()}", schema)
    return path
