"""What differs in calls of Hydra 1.3 with OmegaConf 2.3, and of Hydra 1.4 with OmegaConf 2.4.

Hydra 1.4 no longer takes `version_base`, and builds only what a whitelist names. A person's own command is trusted
(SECURITY.md), so a run may build each class that its config names, except those of Python's standard library.
"""

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import hydra
from hydra import utils, version
from omegaconf import OmegaConf

OWN = ("nst.*", "hydra.experimental.callbacks.*")  # callbacks and parts of logging that a config may name
_BEFORE_1_4 = hydra.__version__.startswith("1.3.")

VERSION_BASE: dict[str, Any] = {"version_base": "1.3"} if _BEFORE_1_4 else {}
"""Argument of `hydra.main` and `initialize_config_dir`: Hydra's behavior is that of 1.3 or newer."""
WHITELIST: dict[str, Any] = {} if _BEFORE_1_4 else {"execution_whitelist": OWN}
"""Argument of `hydra.main` and `HydraContext`: what Hydra itself may build."""
REPLACE: dict[str, Any] = {} if _BEFORE_1_4 else {"replace": True}
"""Argument of `ConfigStore.store` for a config that may be there already."""
READS_MODE_FIRST = not _BEFORE_1_4
"""Whether Hydra reads `hydra.mode` before it composes the config."""


def set_version_base() -> None:
    """Do what `hydra.main` does with `VERSION_BASE`, in processes that do not call it."""
    if _BEFORE_1_4:
        version.setbase(*VERSION_BASE.values())


def own_allowed() -> AbstractContextManager[Any]:
    """Allow Hydra to build what `OWN` names, while inside."""
    return nullcontext() if _BEFORE_1_4 else utils.execution_whitelist(OWN)


def allowed(targets: Iterable[str]) -> dict[str, Any]:
    """Return the argument of `instantiate` that allows exactly these targets, but for those of the standard library."""
    if _BEFORE_1_4:
        return {}
    outside = [target for target in targets if target.partition(".")[0] not in sys.stdlib_module_names]
    return {"_execution_whitelist_": utils.execution_whitelist(outside, reset=True)}


def register_resolver(name: str, resolver: Callable[..., Any]) -> None:
    """Register `${name:...}` with OmegaConf; a resolver of that name is replaced."""
    register: Any = OmegaConf.register_new_resolver if _BEFORE_1_4 else OmegaConf.register_resolver
    register(name, resolver, replace=True)
