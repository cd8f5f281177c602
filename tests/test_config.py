"""Every file in conf/, found by listing: a new file is tested without further changes."""

import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import get_object
from omegaconf import DictConfig

from nst.assets.find import catalogue
from nst.cli import configs, naming
from nst.errors import InputError
from nst.pyramid import EQUIVALENTS
from nst.runner import schema
from nst.runner.hydra_versions import VERSION_BASE
from nst.runner.instantiate import build, build_each
from nst.runner.pictures import Pictures
from nst.state import full_size_equivalents
from tests.conftest import CONF

FILES = sorted(path.relative_to(CONF) for path in CONF.rglob("*.yaml"))
NAMED = ("experiment", "suite", "sweep", "profile", "debug")  # groups of complete commands
TRACKERS = ("wandb", "mlflow")  # choices that need a package of this name
GROUP_FILES = [  # hydra: test_launch
    file for file in FILES if file.parts[0] not in ("config.yaml", "pairs.yaml", "hydra", *NAMED)
]
EXPERIMENTS, SUITES, SWEEPS, PROFILES, DEBUGS = (
    [file.stem for file in FILES if file.parts[0] == group] for group in NAMED
)


def load(*overrides: str) -> DictConfig:
    configs.register()
    with initialize_config_dir(str(CONF), **VERSION_BASE):
        return compose("config", list(overrides))


def targets(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(path, mapping) of every mapping in a YAML file that has a `_target_`."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield path, node
        for key, value in node.items():
            yield from targets(value, f"{path}.{key}")


@pytest.mark.parametrize("file", FILES, ids=str)
def test_the_first_lines_describe_the_file_or_give_its_command(file: Path) -> None:
    first, second, *_ = (CONF / file).read_text().splitlines()
    assert first.startswith("# ")
    assert file.parts[0] not in NAMED or first == "# @package _global_"
    assert file.parts[0] not in NAMED or f"{second} ".startswith(f"# python -m nst.run {file.parts[0]}={file.stem} ")


@pytest.mark.parametrize("file", GROUP_FILES, ids=str)
def test_a_group_file_lists_every_parameter_of_its_constructor(file: Path) -> None:
    found = list(targets(yaml.safe_load((CONF / file).read_text())))
    assert found
    for _, node in found:
        chosen = {key.partition("@")[2] for item in node.get("defaults", []) if isinstance(item, dict) for key in item}
        assert (set(node) | chosen) - {"_target_", "defaults"} == set(
            inspect.signature(get_object(node["_target_"])).parameters
        )


@pytest.mark.parametrize("file", GROUP_FILES, ids=str)
def test_group_files_and_constructors_have_the_same_defaults(file: Path) -> None:
    """The YAML file and the constructor state the same default."""
    for path, node in targets(yaml.safe_load((CONF / file).read_text())):
        for name, parameter in inspect.signature(get_object(node["_target_"])).parameters.items():
            if parameter.default is not parameter.empty and name in node:
                assert _plain(node[name]) == _plain(parameter.default), f"{path}.{name}"


def _plain(value: Any) -> Any:
    """A list for a tuple; the default of a top-level key for a reference to it."""
    if isinstance(value, str) and value.startswith("${"):
        return yaml.safe_load((CONF / "config.yaml").read_text())[value[2:-1]]
    return list(value) if isinstance(value, tuple) else value


def test_the_schema_and_the_config_have_the_same_names() -> None:
    config = yaml.safe_load((CONF / "config.yaml").read_text())
    groups = {key.partition("/")[0] for item in config["defaults"] if isinstance(item, dict) for key in item}
    named = (set(config) | groups) - {"defaults", "hydra", *NAMED} - {key for key in groups if " " in key}
    assert named == set(schema.Config.__dataclass_fields__)
    chosen = {key for item in config["defaults"] if isinstance(item, dict) for key in item if " " not in key}
    assert chosen - set(NAMED) == set(schema.GROUPS)
    assert {group for group in schema.GROUPS if (CONF / group / "mix.yaml").is_file()} == set(schema.MIXED)
    for name, node in (("stop", schema.StopSettings), ("output", schema.Output)):
        assert set(config[name]) == set(node.__dataclass_fields__)


@pytest.mark.parametrize("file", GROUP_FILES, ids=str)
def test_every_choice_composes_and_builds(file: Path, pictures: Path) -> None:
    group, choice = "/".join(file.parts[:-1]), file.stem
    if choice in TRACKERS:
        pytest.importorskip(choice, reason=f"{choice} is not installed (extra `{choice}`)")
    extra = [f"init.image={pictures / 'content.png'}"] if str(file) == "init/image.yaml" else []
    config = load(f"{group}={choice}", *extra)
    assert (build_each if group == "observers" else build)(config, group.replace("/", "."))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_composes_and_builds(name: str, pictures: Path) -> None:
    from nst.runner.setup import set_up

    config = load(
        f"experiment={name}",
        f"content.image={pictures / 'content.png'}",
        f"style.images=[{pictures / 'style.png'},{pictures / 'content.png'}]"
        if name == "interpolate"
        else f"style.image={pictures / 'style.png'}",
        "extractor=vgg19_slim",
    )
    setup = set_up(config, Pictures(config))
    planned = sum(level.steps for level in setup.transfer.levels)
    assert planned == config.steps if config.steps else full_size_equivalents(setup.transfer.levels) <= EQUIVALENTS


@pytest.mark.parametrize("name", SUITES)
def test_the_pictures_of_every_suite_are_bundled_or_have_a_bundled_replacement(name: str) -> None:
    for pair in load(f"suite={name}").pairs:
        config, known = load(f"suite={name}", f"pair={pair}"), catalogue()
        for picture in (config.content.image, config.style.image):
            assert any("bundled" in source or "package" in source for source in known[picture]["sources"])


def test_every_change_of_the_ablation_composes_and_changes_something() -> None:
    before = load("sweep=ablation")
    for change in before.ablate:
        assert load("sweep=ablation", change) != before


@pytest.mark.parametrize("name", [name for name in SWEEPS if name != "ablation"])
def test_every_value_of_every_sweep_composes(name: str) -> None:
    swept = yaml.safe_load((CONF / f"sweep/{name}.yaml").read_text())["hydra"]
    assert swept["mode"] == "MULTIRUN"
    for key, values in swept["sweeper"]["params"].items():
        (override,) = OverridesParser.create().parse_overrides([f"{key}={values}"])
        interval: Any = override.value() if override.is_interval_sweep() else None
        values = (interval.start, interval.end) if interval else override.sweep_string_iterator()
        configs = [load(f"sweep={name}", f"{key}={value}") for value in values]
        assert len(configs) > 1
        assert all(one != other for one, other in itertools.pairwise(configs)), f"{key} changes nothing"


def test_the_blog_experiment_has_the_values_of_its_source() -> None:
    """The expected values are copied from the source by hand."""
    config = load("experiment=blog")
    assert config["size"] == [224, 224]
    assert config.style.aspect == "content"
    assert config.style.scale == 1
    assert dict(config.optimizer) == {
        "_target_": "nst.optimizer.adam.Adam",
        "learning_rate": 0.02,
        "beta_1": 0.99,
        "beta_2": 0.999,
        "epsilon": 0.1,
        "box": True,
        "schedule": "constant",
        "decay_rate": 0.96,
        "decay_steps": 100,
    }
    assert list(config.loss.content.layers) == ["block5_conv2"]
    assert list(config.loss.style.layers) == [f"block{block}_conv1" for block in range(1, 6)]
    assert {config.loss.content.normalizer, config.loss.style.normalizer} == {"mean"}
    assert (config.loss.content.weight, config.loss.style.weight, config.loss.smooth.weight) == (1, 1, 0)
    assert (config.loss.content.layer_weights, config.loss.style.layer_weights) == (None, None)
    assert config.extractor.pooling == "max"
    assert list(config.output.formats) == ["jpg"]


def test_a_missing_target_is_refused() -> None:
    config = load()
    config.optimizer._target_ = "nst.optimizer.adamm.Adam"
    with pytest.raises(InputError, match=r"optimizer._target_: nst.optimizer.adamm.Adam cannot be imported"):
        build(config, "optimizer")


def test_folder_names_are_short_and_distinct() -> None:
    long = "a" * 300
    assert naming.folder_name(f"{long}1") != naming.folder_name(f"{long}2")
    assert naming.folder_name("style.image=a@b.png") != naming.folder_name("style.image=a-b.png")
    assert len(naming.folder_name(long)) <= naming.LONGEST
    assert len(naming.folder_name("星" * 300).encode()) <= naming.LONGEST
    assert naming.folder_name("loss.style.weight=5,seed=9") == "loss.style.weight=5,seed=9"
    assert "/" not in naming.folder_name("../..")


def test_a_runs_name_is_short_and_distinct() -> None:
    assert naming.run_name("loss.style.weight=5,optimizer=adam") == "style.weight=5,optimizer=adam"
    one, other = (naming.run_name(f"style.image=/home/{who}/klimt.jpg,seed=1") for who in ("me", "you"))
    assert one != other
    assert one.startswith("style.image=klimt.jpg,seed=1-")
    assert naming.run_name("loss.style.layers=[block1_conv1,block2_conv1],size=[64,64]").startswith(
        "style.layers=block1_conv1,block2_conv1,size=64,64-"
    )


def test_a_long_name_of_a_run_has_room_for_more_of_its_parts() -> None:
    given = (
        "content.image=/a/on_holiday_in_the_mountains_01.jpg,extractor=vgg19_slim,loss.style.weight=4,size=64,steps=2"
    )
    name = naming.run_name(f"{given},style.image=/a/klimt.jpg")
    assert name.startswith("content=on_holiday-ins_01.jpg,extractor=vgg19_slim,style.weight=4,size=64,steps=2,st")
    assert len(name) <= naming.LONGEST
    assert name != naming.run_name(f"{given},style.image=/b/klimt.jpg")


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["content.image=x/me.jpg", 'style.image="https://example.org/klimt.png?secret=1"'], "me_klimt"),
        (["style=blend", "style.images=[ink,x/klimt.jpg]"], "harbor_ink-klimt"),
        (["style=blend"], "harbor_starry_night-mosaic"),
    ],
)
def test_the_folder_of_a_run_has_the_names_of_its_pictures(overrides: list[str], name: str) -> None:
    assert naming.new_run_folder(load(*overrides)).name.endswith(f"_{name}")
