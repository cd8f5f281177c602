"""`debug=`: small runs, without compilation, with tracebacks, in a folder of their own."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nst.image.io import read_result
from tests.conftest import Outcome, only_run
from tests.test_config import DEBUGS, load

Command = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def compiled() -> None:
    """TensorFlow compiles its functions again after a test."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("name", DEBUGS)
def test_every_choice_writes_to_a_folder_of_its_own(name: str) -> None:
    config = load(f"debug={name}", "experiment=blog")
    assert config.output.folder == "outputs/debug"
    assert list(config.tags) == ["debug"]


def test_the_default_is_a_small_eager_run_and_the_command_line_wins() -> None:
    config = load("debug=default", "experiment=blog", "steps=3")
    assert (config.eager, config.traceback, config.size, config.steps) == (True, True, 64, 3)
    assert config.extractor._target_.endswith("VGG19Slim")
    assert load("debug=default", "extractor=vgg19").extractor._target_.endswith("VGG19")


def test_an_eager_run_has_the_same_picture_but_for_rounding(nst: Command) -> None:
    import tensorflow as tf

    assert nst("debug=default", "eager=true", "steps=3").status == 0
    eager = only_run(Path("outputs/debug"))
    assert tf.config.functions_run_eagerly()
    assert nst("debug=default", "eager=false", "steps=3", "hydra.run.dir=graph").status == 0
    assert not tf.config.functions_run_eagerly()
    first, second = (json.loads((run / "result.json").read_text()) for run in (eager, Path("graph")))
    assert first["identity"] != second["identity"]
    one, other = (read_result(run / "result.png").astype(np.int16) for run in (eager, Path("graph")))
    assert np.abs(one - other).max() <= 2


def test_a_traceback_is_shown_above_the_line_and_only_if_wanted(nst: Command) -> None:
    plain = nst("content.image=https://me:secret@localhost:1/a.png")
    assert (plain.status, plain.err.count("\n")) == (2, 1)
    whole = nst("content.image=https://me:secret@localhost:1/a.png", "debug=traceback")
    assert whole.status == 2
    assert whole.err.startswith("Traceback (most recent call last):")
    assert "nst/assets/" in whole.err
    assert whole.err.splitlines()[-1] == plain.err.strip()
    assert "secret" not in whole.err
