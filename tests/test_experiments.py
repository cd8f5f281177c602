"""Compare each experiment of conf/experiment with its source's formula, written by hand in the source's units.

The formulas use NumPy on features `{layer: [1,h,w,C]}` and a picture of 0..255. Gradients are compared along random
directions.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from omegaconf import OmegaConf
from scipy.linalg import sqrtm

from nst.image.io import read_image
from nst.layers import IMAGE
from nst.loss.contract import Reference
from nst.loss.objective import Objective, measure, weigh
from nst.runner.instantiate import build
from tests.conftest import Outcome
from tests.test_config import EXPERIMENTS, load

Maps = dict[str, np.ndarray]

STYLE_LAYERS = [f"block{block}_conv1" for block in range(1, 6)]
SHAPES = {
    IMAGE: (1, 32, 40, 3),
    "block1_conv1": (1, 32, 40, 4),
    "block2_conv1": (1, 16, 20, 5),
    "block3_conv1": (1, 8, 10, 6),
    "block4_conv1": (1, 4, 5, 7),
    "block4_conv2": (1, 4, 5, 6),
    "block5_conv1": (1, 2, 3, 5),
    "block5_conv2": (1, 2, 3, 4),
}


def random_features(seed: int) -> Maps:
    """Random features, and a picture without equal neighbors: at a difference of 0, |x| has no derivative."""
    rng = np.random.default_rng(seed)
    maps = {layer: rng.uniform(0, 1, shape) for layer, shape in SHAPES.items()}
    odd = np.indices(SHAPES[IMAGE][1:3]).sum(0)[None, ..., None] % 2
    return {**maps, IMAGE: (2 * rng.integers(0, 120, SHAPES[IMAGE]) + odd) / 255}


X, CONTENT, STYLE = random_features(1), random_features(2), random_features(3)


def matrix(maps: Maps, layer: str) -> np.ndarray:
    """F as in the papers: [C channels, M positions]."""
    features = maps[layer]
    return features.reshape(-1, features.shape[-1]).T


def squares(x: Maps, layer: str) -> float:
    return ((x[layer] - CONTENT[layer]) ** 2).sum()


def mean_square(x: Maps, layer: str) -> float:
    return squares(x, layer) / CONTENT[layer].size


def differences(x: Maps) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal and vertical differences, of values of 0..255."""
    picture = 255 * x[IMAGE][0]
    return picture[:, 1:] - picture[:, :-1], picture[1:] - picture[:-1]


def absolute(x: Maps) -> float:
    dx, dy = differences(x)
    return np.abs(dx).sum() + np.abs(dy).sum()


def interior(x: Maps) -> np.ndarray:
    """dx^2 + dy^2 where both exist."""
    dx, dy = differences(x)
    return dx[:-1] ** 2 + dy[:, :-1] ** 2


def gram_squares(x: Maps, layer: str) -> float:
    """sum((F F^T - A A^T)^2)."""
    F, A = matrix(x, layer), matrix(STYLE, layer)
    return ((F @ F.T - A @ A.T) ** 2).sum()


def gatys_layer(x: Maps, layer: str) -> float:
    N, M = matrix(x, layer).shape
    return gram_squares(x, layer) / (4 * N**2 * M**2)


def johnson_layer(x: Maps, layer: str) -> float:
    """mean((F F^T / (C M) - A)^2)."""
    C, M = matrix(x, layer).shape
    return gram_squares(x, layer) / (C * M) ** 2 / C**2


def tensorflow_layer(x: Maps, layer: str) -> float:
    """mean((F F^T / M - A)^2)."""
    C, M = matrix(x, layer).shape
    return gram_squares(x, layer) / M**2 / C**2


def gordic_layer(x: Maps, layer: str) -> float:
    """sum((F F^T / (C M) - A)^2)."""
    C, M = matrix(x, layer).shape
    return gram_squares(x, layer) / (C * M) ** 2


def keras_io_layer(x: Maps, layer: str) -> float:
    """The picture's positions and 3 channels replace the layer's."""
    return gram_squares(x, layer) / (4 * 3**2 * (32 * 40) ** 2)


def crowsonkb_layer(x: Maps, layer: str) -> float:
    F, A = matrix(x, layer), matrix(STYLE, layer)
    small = 1e-4 * np.eye(len(F))
    S, T = (np.cov(features, bias=True) + small for features in (F, A))
    root = np.asarray(sqrtm(T))
    between = np.asarray(sqrtm(root @ S @ root)).real
    return ((F.mean(1) - A.mean(1)) ** 2).mean() + np.diag(S + T - 2 * between).mean()


def crowsonkb_smooth(x: Maps) -> float:
    """On values of 0..1, with the border repeated."""
    P = np.pad(x[IMAGE][0], ((1, 1), (1, 1), (0, 0)), "edge")
    here = P[1:-1, 1:-1]
    straight = ((P[1:-1, 2:] - here) ** 2).mean() + ((P[2:, 1:-1] - here) ** 2).mean()
    slanted = ((P[2:, 2:] - here) ** 2).mean() + ((P[2:, :-2] - P[1:-1, 1:-1]) ** 2).mean()
    return straight / 3 + slanted / 12


def sum_over_layers(term: Callable[[Maps, str], float], x: Maps) -> float:
    return sum(term(x, layer) for layer in STYLE_LAYERS)


def johnson(x: Maps) -> float:
    return 5 * mean_square(x, "block4_conv2") + 100 * sum_over_layers(johnson_layer, x)


def athalye_smooth(x: Maps) -> float:
    dx, dy = differences(x)
    return 100 * ((dx**2).mean() + (dy**2).mean())


def crowsonkb_style(x: Maps) -> float:
    return sum(w * crowsonkb_layer(x, la) for w, la in zip((256, 64, 16, 4, 1), STYLE_LAYERS, strict=True)) / 341


FORMULAS: dict[str, Callable[[Maps], float]] = {
    "blog": lambda x: mean_square(x, "block5_conv2") + sum_over_layers(tensorflow_layer, x) / 5,
    "gatys2016": lambda x: squares(x, "block4_conv2") / 2 + 1e3 * sum_over_layers(gatys_layer, x) / 5,
    "johnson": lambda x: johnson(x) + 1e-3 / 2 * interior(x).sum(),
    "johnson_pt": lambda x: johnson(x) + 1e-3 * absolute(x),
    "athalye": lambda x: (
        5 * mean_square(x, "block4_conv2") + 500 / 5 * sum_over_layers(johnson_layer, x) + athalye_smooth(x)
    ),
    "tf_tutorial": lambda x: (
        1e4 * mean_square(x, "block5_conv2") + 1e-2 / 5 * sum_over_layers(tensorflow_layer, x) + 30 * absolute(x) / 255
    ),
    "keras_io": lambda x: (
        2.5e-8 * squares(x, "block5_conv2")
        + 1e-6 / 5 * sum_over_layers(keras_io_layer, x)
        + 1e-6 * (interior(x) ** 1.25).sum()
    ),
    "gordic": lambda x: 1e5 * mean_square(x, "block4_conv2") + 3e4 / 5 * sum_over_layers(gordic_layer, x) + absolute(x),
    "cysmith": lambda x: (
        5 * squares(x, "block4_conv2") / (2 * np.sqrt(6) * np.sqrt(4 * 5))
        + 1e4 / 5 * sum_over_layers(gatys_layer, x)
        + 1e-3 * absolute(x)
    ),
    "crowsonkb": lambda x: 0.015 * mean_square(x, "block4_conv2") + crowsonkb_style(x) + 2 * (2 * crowsonkb_smooth(x)),
}


def loss_and_gradient(name: str) -> tuple[float, Maps]:
    """(total, gradient) of nst's objective at X."""
    config = load(f"experiment={name}")
    content, style, smooth = (
        build(config, f"loss.{term}", term == "smooth") for term in ("content", "style", "smooth")
    )
    terms = Objective(content, style, smooth).terms
    picture, content_maps, style_maps = (
        {layer: tf.constant(value) for layer, value in maps.items()} for maps in (X, CONTENT, STYLE)
    )
    reference = Reference(content_maps, [(style_maps, 1.0)])
    targets = {term: loss.target(reference) for term, loss in terms}
    with tf.GradientTape() as tape:
        tape.watch(picture)
        total: Any = weigh(measure(terms, picture, targets), targets)[0]
    gradient = tape.gradient(total, picture, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return float(total), {layer: value.numpy() for layer, value in gradient.items()}


def test_every_experiment_has_a_formula() -> None:
    assert set(FORMULAS) == set(EXPERIMENTS) - {"texture", "reconstruct", "interpolate"}


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_the_loss_and_its_gradient_equal_the_source(name: str) -> None:
    formula, rng, delta = FORMULAS[name], np.random.default_rng(5), 1e-5
    total, gradient = loss_and_gradient(name)
    assert total == pytest.approx(formula(X), rel=1e-4)
    for layer in SHAPES:
        direction = rng.normal(size=SHAPES[layer])
        ahead, behind = (formula({**X, layer: X[layer] + sign * delta * direction}) for sign in (1, -1))
        slope = (ahead - behind) / (2 * delta)
        noise = 1e-14 * abs(total) / delta  # rounding of a difference of two sums, in float64
        assert (gradient[layer] * direction).sum() == pytest.approx(slope, rel=2e-3, abs=noise), layer


# first picture, pyramid, network's pooling, the style's aspect ratio, evaluations
SETTINGS = {
    "blog": ("content", "single", "max", "content", 1001),
    "gatys2016": ("noise", "single", "avg", "own", 500),
    "johnson": ("noise", "single", "max", "own", 1000),
    "johnson_pt": ("noise", "single", "max", "own", 1000),
    "athalye": ("noise", "single", "max", "own", 1001),
    "tf_tutorial": ("content", "single", "max", "own", 1001),
    "keras_io": ("content", "single", "max", "content", 4001),
    "gordic": ("content", "single", "max", "own", 1000),
    "cysmith": ("content", "single", "avg", "own", 1000),
    "crowsonkb": ("content", "octaves", "max", "own", 3010),
}


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_the_other_settings_equal_the_source(name: str) -> None:
    config = load(f"experiment={name}")
    pyramid = config.pyramid._target_.rpartition(".")[2].lower()
    first = config.init._target_.rpartition(".")[2].lower().removeprefix("from")
    found = (first, pyramid, config.extractor.pooling, config.style.aspect, config.steps)
    assert found == SETTINGS[name]
    assert config.style.scale == 1


# optimizer, init and pyramid, in the source's units: values for 0..255 are divided here
CAFFE_MEAN = [123.68 / 255, 116.779 / 255, 103.939 / 255]
BOUNDED = {"learning_rate": 0.02, "beta_1": 0.99, "beta_2": 0.999, "epsilon": 0.1, "box": True}
DESCENT_SETTINGS: dict[str, dict[str, Any]] = {
    "blog": {"optimizer": BOUNDED},
    "gatys2016": {"optimizer": {"box": False}},
    "johnson": {
        "optimizer": {"history": 100, "box": False},
        "init": {"mean": CAFFE_MEAN, "deviation": 1e-3 / 255},
    },
    "athalye": {
        "optimizer": {"learning_rate": 10 / 255, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8 * 255, "box": False},
        "init": {"mean": CAFFE_MEAN, "deviation": 0.256 / 255},
    },
    "tf_tutorial": {"optimizer": BOUNDED},
    "keras_io": {
        "optimizer": {"learning_rate": 100 / 255**2, "momentum": 0, "box": False}
        | {"schedule": "exponential", "decay_rate": 0.96, "decay_steps": 100}
    },
    "gordic": {"optimizer": {"history": 100, "box": False}},
    "cysmith": {"optimizer": {"history": 10, "box": False}},
    "crowsonkb": {
        "optimizer": {"decay": 0.99},
        "optimizer.optimizer": {"learning_rate": 0.02, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-8, "box": True},
        "pyramid": {"ratios": [2 ** (-half / 2) for half in (4, 3, 2, 1, 0)], "detail": False},
    },
}
DESCENT_SETTINGS["johnson_pt"] = DESCENT_SETTINGS["johnson"]


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_optimizer_start_and_pyramid_equal_the_source(name: str) -> None:
    config = load(f"experiment={name}")
    for group, settings in DESCENT_SETTINGS[name].items():
        for setting, value in settings.items():
            found = OmegaConf.select(config, f"{group}.{setting}")
            found = list(found) if isinstance(value, list) else found
            exact = isinstance(value, str | bool)
            assert found == (value if exact else pytest.approx(value, rel=1e-3)), f"{group}.{setting}"


def test_crowsonkb_has_the_sources_number_of_updates_at_each_size() -> None:
    """Each size has two more evaluations: of its first picture, and of the average."""
    config = load("experiment=crowsonkb")
    levels = build(config, "pyramid").levels(512, 384, config.steps)
    assert [level.steps - 2 for level in levels] == [1000, 500, 500, 500, 500]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_makes_a_picture(name: str, nst: Callable[..., Outcome], pictures: Path) -> None:
    blend = ["style=blend", f"style.images=[{pictures / 'style.png'},{pictures / 'content.png'}]"]
    pyramid = f"pyramid={SETTINGS.get(name, ('', 'octaves'))[1]}"  # the command line overrides the experiment's
    given = [*(blend if name == "interpolate" else []), f"experiment={name}", "size=256", "steps=20", pyramid]
    outcome = nst(*given, "output.folder=made", f"hydra.run.dir=made/{name}", "sweep_dir=made")
    assert outcome.status == 0, outcome.err
    records = [json.loads(path.read_text()) for path in Path("made").glob("*/result.json")]
    assert len(records) == (5 if name == "interpolate" else 1)
    for found in records:
        assert (found["status"], max(found["size"]), found["evaluations"]) == ("done", 256, 20)
        assert np.isfinite(found["loss"])
    for path in Path("made").glob("*/result.png"):
        assert read_image(path).std() > 0.002, "the picture is nearly uniform"
