"""A picture is made again from the recipe inside it; a recipe from elsewhere is only data."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image, PngImagePlugin

from nst import repeat
from nst.cli.recipe import changed, choices, compose_recipe
from nst.errors import InputError
from nst.image.io import read_image
from nst.runner.instantiate import plain
from tests.conftest import Outcome, only_run
from tests.test_config import load

Command = Callable[..., Outcome]


@pytest.fixture
def again(nst: Command, capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`nst.repeat` in this process, in the folder of the `nst` fixture."""

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        status = repeat.main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(status, str(captured.out), str(captured.err))

    return call


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run of `made` is kept for all tests here."""
    return tmp_path_factory.mktemp("made") / "run"


@pytest.fixture
def made(nst: Command, kept: Path) -> Path:
    """A run's picture, away from its run."""
    if not kept.is_dir():
        assert nst("loss.style.weight=77", "optimizer=adam", "optimizer.learning_rate=0.03", "init=noise").status == 0
        shutil.move(only_run(), kept)
    shutil.copytree(kept, "run")
    return Path(shutil.copy(kept / "result.png", "picture.png"))


def test_a_picture_and_a_run_repeat_to_the_same_pixels(made: Path, again: Callable[..., Outcome]) -> None:
    for source in (made, Path("run")):
        outcome = again(source)
        assert (outcome.status, outcome.err) == (0, "")
        assert "the same pixels as then" in outcome.out
        folder = only_run()
        np.testing.assert_array_equal(read_image(folder / "result.png"), read_image(made))
        assert (
            json.loads((folder / "result.json").read_text())["identity"]
            == json.loads((Path("run") / "result.json").read_text())["identity"]
        )
        shutil.rmtree(folder)


def test_an_override_changes_one_thing(made: Path, again: Callable[..., Outcome]) -> None:
    assert again(made, "loss.style.weight=5", "optimizer=lbfgs").status == 0
    found, before = (yaml.safe_load((path / "config.yaml").read_text()) for path in (only_run(), Path("run")))
    assert found["loss"]["style"]["weight"] == 5
    assert found["optimizer"]["_target_"] == "nst.optimizer.lbfgs.LBFGS"
    before["loss"]["style"]["weight"], before["optimizer"] = 5, found["optimizer"]
    assert {**found, "sweep_dir": ""} == {**before, "sweep_dir": ""}


def test_an_override_changes_what_is_inside() -> None:
    recipe = plain(load("optimizer=averaged", "optimizer.decay=0.5"))
    changed_to = lambda *overrides: changed(compose_recipe(recipe), overrides).optimizer  # noqa: E731
    inside = "optimizer@optimizer.optimizer"
    assert changed_to(f"{inside}=lbfgs") == {**recipe["optimizer"], "optimizer": load("optimizer=lbfgs").optimizer}
    assert changed_to(f"{inside}=sgd", "optimizer.optimizer.momentum=0").optimizer.momentum == 0
    for bad in ("optimizer@optimizer.foo=sgd", "optimizer@optimizer.decay=sgd", "optimizer@content=sgd"):
        with pytest.raises(InputError, match="there is no optimizer at"):
            changed_to(bad)
    before = {"optimizer": "averaged", inside: "adam", "style": "ink"}
    assert choices(before, [f"{inside}=sgd"]) == {**before, inside: "sgd"}
    assert choices(before, ["optimizer=sgd"]) == {"optimizer": "sgd", "style": "ink"}


def test_another_picture_or_version_is_told(made: Path, again: Callable[..., Outcome], tmp_path: Path) -> None:
    record = json.loads((Path("run") / "result.json").read_text())
    record["provenance"]["pictures"]["content"]["sha256"] = "0" * 64
    record["provenance"]["versions"]["tensorflow"] = "1.0"
    (Path("run") / "result.json").write_text(json.dumps(record))
    out = again(Path("run")).out
    assert "content is not what it was" in out
    assert "tensorflow is not what it was: 1.0 then" in out


def spoiled(made: Path, **changes: object) -> Path:
    """The picture with another recipe inside."""
    with Image.open(made) as picture:
        config = yaml.safe_load(picture.text["nst.config"])  # pyright: ignore[reportAttributeAccessIssue]
        text = PngImagePlugin.PngInfo()
        text.add_itxt("nst.config", yaml.safe_dump(config | changes))
        picture.save("spoiled.png", pnginfo=text)
    return Path("spoiled.png")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"optimizer": {"_target_": "os.system", "command": "true"}}, "optimizer._target_ is os.system"),
        ({"optimizer": {"_target_": "nst.image.io.write"}}, "none of conf/optimizer"),
        ({"optimizer": {"_target_": "nst.optimizer.sgd.SGD", "_partial_": True}}, "optimizer._partial_ is not for"),
        ({"content": {"_target_": "nst.content.Content", "image": "${oc.env:HOME}"}}, "is to be computed"),
        ({"optimizer": {"_target_": "nst.optimizer.contract.tf.io.gfile.makedirs"}}, "none of conf/optimizer"),
        ({"loss": {"style": {}, "style._target_": "os.mkdir", "style.path": "x"}}, "is not for recipes"),
        ({"output": [1]}, "output.formats is no list"),
        ({"output": {"formats": 5}}, "output.formats is no list"),
        ({"stepz": 3}, "'stepz' is unknown; did you mean 'steps'?"),
        ({"steps": 0}, "steps must be at least 1"),
    ],
)
def test_a_recipe_is_only_data(
    made: Path, again: Callable[..., Outcome], changes: dict[str, object], says: str
) -> None:
    outcome = again(spoiled(made, **changes))
    assert outcome.status == 2
    assert says in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["experiment=blog"], "'experiment' chooses a whole config"),
        (["stepz=3"], "'stepz' is unknown; did you mean 'steps'?"),
        (["loss.style.wieght=3"], "'loss.style.wieght' is unknown"),
        (["optimizer=lbgfs"], "there is no optimizer=lbgfs; did you mean 'lbfgs'?"),
        (["seed=1,2"], "more than one value"),
        (["steps=many"], "steps:"),
    ],
)
def test_bad_overrides_are_one_line(made: Path, again: Callable[..., Outcome], overrides: list[str], says: str) -> None:
    outcome = again(made, *overrides)
    assert outcome.status == 2
    assert says in outcome.err
    assert outcome.err.count("\n") == 1


def test_what_has_no_recipe_is_refused_in_one_line(again: Callable[..., Outcome], pictures: Path) -> None:
    for source, says in (
        (pictures / "content.png", "has no recipe inside"),
        (Path("nowhere.png"), "there is no such picture or run"),
        (pictures, "is no run"),
    ):
        outcome = again(source)
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert says in outcome.err
