"""The folder of configs, and what nst registers with Hydra before Hydra reads them."""

import os
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeperConf
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins

from nst.cli import naming, search_path
from nst.runner import schema
from nst.runner.hydra_versions import REPLACE, set_version_base
from nst.sweep import suite


def conf_dir() -> str:
    """Return the folder of configs: inside an installed package, beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return str(folder)
    raise SystemExit("nst: conf/config.yaml is missing; the installation is broken")


def register() -> None:
    """Register schema, resolvers and sweeper with Hydra, and make Hydra raise errors instead of printing them."""
    set_version_base()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # `hydra_errors` prints them instead
    search_path.require()
    schema.register()
    Plugins.instance()  # it registers Hydra's own sweeper, which the next lines replace
    sweeper = BasicSweeperConf("hydra_plugins.nst_plugins.GridSweeper")
    ConfigStore.instance().store("basic", sweeper, "hydra/sweeper", provider="nst", **REPLACE)
    naming.register_resolvers()
    suite.register_resolvers()
