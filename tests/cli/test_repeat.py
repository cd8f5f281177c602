"""Repeat a run from the recipe inside its picture; a recipe from elsewhere is treated as data."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image, PngImagePlugin

from nst.cli.recipe import compose_recipe
from nst.cli.recipe_changes import changed, choices
from nst.errors import InputError
from nst.image.io import read_image
from nst.runner.instantiate import plain
from tests.conftest import Outcome, only_run
from tests.test_config import load

Command = Callable[..., Outcome]


@pytest.fixture(scope="module")
def stored_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run of `run_picture`, shared by all tests of this module."""
    return tmp_path_factory.mktemp("made") / "run"


@pytest.fixture
def run_picture(nst: Command, stored_run: Path) -> Path:
    """The picture of a run, copied away from its folder."""
    if not stored_run.is_dir():
        assert nst("loss.style.weight=77", "optimizer=adam", "optimizer.learning_rate=0.03", "init=noise").status == 0
        shutil.move(only_run(), stored_run)
    shutil.copytree(stored_run, "run")
    return Path(shutil.copy(stored_run / "result.png", "picture.png"))


def test_a_picture_and_a_run_folder_repeat_to_the_same_pixels(
    run_picture: Path, repeat_command: Callable[..., Outcome]
) -> None:
    for source in (run_picture, Path("run")):
        outcome = repeat_command(source)
        assert (outcome.status, outcome.err) == (0, "")
        assert "the pixels are identical" in outcome.out
        folder = only_run()
        np.testing.assert_array_equal(read_image(folder / "result.png"), read_image(run_picture))
        assert (
            json.loads((folder / "result.json").read_text())["identity"]
            == json.loads((Path("run") / "result.json").read_text())["identity"]
        )
        shutil.rmtree(folder)


def test_overrides_change_only_their_settings(run_picture: Path, repeat_command: Callable[..., Outcome]) -> None:
    assert repeat_command(run_picture, "loss.style.weight=5", "optimizer=lbfgs").status == 0
    found, before = (yaml.safe_load((path / "config.yaml").read_text()) for path in (only_run(), Path("run")))
    assert found["loss"]["style"]["weight"] == 5
    assert found["optimizer"]["_target_"] == "nst.optimizer.lbfgs.LBFGS"
    before["loss"]["style"]["weight"], before["optimizer"] = 5, found["optimizer"]
    assert {**found, "sweep_dir": ""} == {**before, "sweep_dir": ""}


def test_an_override_changes_the_inner_optimizer() -> None:
    recipe = plain(load("optimizer=averaged", "optimizer.decay=0.5"))
    optimizer_after = lambda *overrides: changed(compose_recipe(recipe), overrides).optimizer  # noqa: E731
    inner = "optimizer@optimizer.optimizer"
    assert optimizer_after(f"{inner}=lbfgs") == {**recipe["optimizer"], "optimizer": load("optimizer=lbfgs").optimizer}
    assert optimizer_after(f"{inner}=sgd", "optimizer.optimizer.momentum=0").optimizer.momentum == 0
    for wrong in ("optimizer@optimizer.foo=sgd", "optimizer@optimizer.decay=sgd", "optimizer@content=sgd"):
        with pytest.raises(InputError, match="there is no optimizer at"):
            optimizer_after(wrong)
    before = {"optimizer": "averaged", inner: "adam", "style": "ink"}
    assert choices(before, [f"{inner}=sgd"]) == {**before, inner: "sgd"}
    assert choices(before, ["optimizer=sgd"]) == {"optimizer": "sgd", "style": "ink"}
    assert choices({**before, "observers": "full"}, ["observers=[full,quiet]"]) == before, "a list is no choice"


def test_a_changed_picture_or_version_is_reported(
    run_picture: Path, repeat_command: Callable[..., Outcome], tmp_path: Path
) -> None:
    record = json.loads((Path("run") / "result.json").read_text())
    record["provenance"]["pictures"]["content"]["sha256"] = "0" * 64
    record["provenance"]["versions"]["tensorflow"] = "1.0"
    (Path("run") / "result.json").write_text(json.dumps(record))
    out = repeat_command(Path("run")).out
    assert "content has changed" in out
    assert "tensorflow has changed: 1.0 then" in out


def with_changed_recipe(run_picture: Path, **changes: object) -> Path:
    """A copy of the picture with a changed recipe."""
    with Image.open(run_picture) as picture:
        config = yaml.safe_load(picture.text["nst.config"])  # pyright: ignore[reportAttributeAccessIssue]
        text = PngImagePlugin.PngInfo()
        text.add_itxt("nst.config", yaml.safe_dump(config | changes))
        picture.save("spoiled.png", pnginfo=text)
    return Path("spoiled.png")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": {"_target_": "os.system", "command": "true"}}, "optimizer._target_ is os.system"),
        ({"optimizer": {"_target_": "nst.image.io.write"}}, "which conf/optimizer does not name"),
        ({"optimizer": {"_target_": "nst.optimizer.sgd.SGD", "_partial_": True}}, "optimizer._partial_ is not allowed"),
        ({"content": {"_target_": "nst.content.Content", "image": "${oc.env:HOME}"}}, "is an interpolation"),
        ({"optimizer": {"_target_": "nst.optimizer.contract.tf.io.gfile.makedirs"}}, "conf/optimizer does not name"),
        ({"loss": {"style": {}, "style._target_": "os.mkdir", "style.path": "x"}}, "is not allowed in recipes"),
        ({"output": [1]}, "output.formats is not a list"),
        ({"output": {"formats": 5}}, "output.formats is not a list"),
        ({"stepz": 3}, "'stepz' is unknown; did you mean 'steps'?"),
        ({"steps": 0}, "steps must be at least 1"),
        (
            {"style": {"_target_": "nst.style.single", "image": "https://***@host/a.jpg?***"}},
            "style.image: https://***@host/a.jpg?*** lacks its user name, password or query",
        ),
    ],
)
def test_a_hostile_or_invalid_recipe_is_refused_in_one_line(
    run_picture: Path, repeat_command: Callable[..., Outcome], changes: dict[str, object], message: str
) -> None:
    outcome = repeat_command(with_changed_recipe(run_picture, **changes))
    assert outcome.status == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["experiment=blog"], "'experiment' chooses a whole config"),
        (["stepz=3"], "'stepz' is unknown; did you mean 'steps'?"),
        (["loss.style.wieght=3"], "'loss.style.wieght' is unknown"),
        (["optimizer=lbgfs"], "there is no optimizer=lbgfs; did you mean 'lbfgs'?"),
        (["seed=1,2"], "more than one value"),
        (["steps=many"], "steps:"),
    ],
)
def test_bad_overrides_are_refused_in_one_line(
    run_picture: Path, repeat_command: Callable[..., Outcome], overrides: list[str], message: str
) -> None:
    outcome = repeat_command(run_picture, *overrides)
    assert outcome.status == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_source_without_a_recipe_is_refused_in_one_line(
    repeat_command: Callable[..., Outcome], pictures: Path
) -> None:
    for source, message in (
        (pictures / "content.png", "has no recipe inside"),
        (Path("nowhere.png"), "there is no such picture or run"),
        (pictures, "is not a run folder"),
    ):
        outcome = repeat_command(source)
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert message in outcome.err


def test_the_link_to_the_newest_picture_is_compared_as_it_was_before_the_run(
    nst: Command, repeat_command: Callable[..., Outcome], pictures: Path
) -> None:
    """The repeat itself moves the link to its own picture, which equals itself."""
    shutil.copy(pictures / "content.png", "me.png")
    nst("content.image=me.png")
    shutil.copy(pictures / "style.png", "me.png")
    out = repeat_command("outputs/latest.png").out
    assert "content has changed" in out
    assert "the pixels are identical" not in out
    assert "the pixels differ" in out or "the size has changed" in out


def test_a_recorded_picture_that_is_broken_is_reported_after_the_repeat(
    run_picture: Path, repeat_command: Callable[..., Outcome]
) -> None:
    picture = Path("run/result.png")
    picture.write_bytes(run_picture.read_bytes()[:3000])
    outcome = repeat_command(Path("run"))
    assert (outcome.status, outcome.err) == (0, "")
    assert "the pixels cannot be compared" in outcome.out
