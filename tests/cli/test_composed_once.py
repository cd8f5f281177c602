"""Each run of a sweep is composed once, with the settings and checks of Hydra's own loader."""

from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobRuntime
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from nst.cli import composed_once
from nst.cli.composed_once import ComposedOnce
from nst.cli.configs import conf_dir, register
from nst.runner.hydra_versions import VERSION_BASE

BATCH = [["seed=1"], ["seed=2"], ["seed=1"]]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Any:
    register()
    JobRuntime.instance().set("name", "nst")
    with initialize_config_dir(conf_dir(), **VERSION_BASE):
        yield GlobalHydra.instance().config_loader()


@pytest.fixture
def master(plain: Any) -> Any:
    return plain.load_configuration("config", ["style=ink"], RunMode.MULTIRUN)


@pytest.fixture
def compositions(plain: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The overrides of every composition."""
    seen: list[list[str]] = []
    really = plain.load_sweep_config

    def counted(master_config: Any, sweep_overrides: list[str]) -> Any:
        seen.append(list(sweep_overrides))
        return really(master_config, sweep_overrides)

    monkeypatch.setattr(plain, "load_sweep_config", counted)
    return seen


def test_a_checked_run_is_not_composed_again(plain: Any, master: Any, compositions: list[list[str]]) -> None:
    loader = ComposedOnce(plain)
    loader.check(master, BATCH[:2])
    configs = [loader.load_sweep_config(master, overrides) for overrides in BATCH[:2]]
    assert compositions == BATCH[:2]
    for config, overrides in zip(configs, BATCH, strict=False):
        assert OmegaConf.to_container(config) == OmegaConf.to_container(plain.load_sweep_config(master, overrides))


def test_equal_runs_get_their_own_configs(plain: Any, master: Any) -> None:
    loader = ComposedOnce(plain)
    loader.check(master, BATCH)
    first, _, third = (loader.load_sweep_config(master, overrides) for overrides in BATCH)
    assert first is not third
    assert OmegaConf.to_container(first) == OmegaConf.to_container(third)


def test_an_invalid_run_fails_in_the_check(plain: Any, master: Any) -> None:
    with pytest.raises(HydraException):
        ComposedOnce(plain).check(master, [["seed=1"], ["optimizer=nothing"]])


def test_at_most_a_number_of_configs_is_kept(
    plain: Any, master: Any, compositions: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composed_once, "MOST", 1)
    loader = ComposedOnce(plain)
    loader.check(master, BATCH[:2])
    for overrides in BATCH[:2]:
        loader.load_sweep_config(master, overrides)
    assert compositions == [*BATCH[:2], BATCH[1]]


def test_other_processes_get_the_plain_loader(plain: Any) -> None:
    rebuild, parts = ComposedOnce(plain).__reduce__()
    assert rebuild(*parts) is plain


def test_all_else_is_the_loaders(plain: Any) -> None:
    assert ComposedOnce(plain).get_group_options("optimizer") == plain.get_group_options("optimizer")
