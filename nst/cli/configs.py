"""Where nst's configs are, and what Hydra has to know before it reads them."""

import os
from pathlib import Path

from hydra import version

from nst.cli import naming
from nst.runner import schema

VERSION_BASE = "1.3"  # of Hydra, whose behaviour then stays


def conf_dir() -> str:
    """The folder of configs: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return str(folder)
    raise SystemExit("nst: conf/config.yaml is missing; the installation is broken")


def register() -> None:
    """Make the schema and nst's resolvers known to Hydra; errors then come out as they are."""
    version.setbase(VERSION_BASE)  # as `hydra.main` does, which processes of a launcher do not run
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra would print them, and its one line is not ours
    schema.register()
    naming.register_resolvers()
