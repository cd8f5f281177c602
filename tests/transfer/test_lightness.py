"""Transfers of lightness alone: the losses are those of the picture that is presented, for every way to optimize it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from omegaconf import OmegaConf
from skimage.color import rgb2lab

from nst import (
    LBFGS,
    SGD,
    Adam,
    Averaged,
    Best,
    Features,
    Free,
    FromImage,
    FromStyle,
    Gram,
    HistogramMatching,
    Luminance,
    Noise,
    Objective,
    Octaves,
    Style,
    TotalVariation,
    Transfer,
    stylize,
)
from nst.color import gray
from nst.extractor.network import Network
from nst.image.io import from_uint8, read_image, to_uint8
from nst.metrics import chroma_distance
from nst.runner.pictures import Pictures
from nst.runner.setup import set_up
from nst.state import Iterate, Result
from nst.transfer.evaluate import evaluation
from nst.transfer.jitter import jittered
from nst.transfer.lightness import Limits
from tests.conftest import Outcome, blobs, only_run

CONTENT, STYLE = blobs(64, 80, 1), blobs(72, 96, 2)
SOFT = np.linspace(-0.5, 1.5, 80, dtype=np.float32).clip(0, 1)[None, None, :, None].repeat(64, 1)


def transfer(network: Network, **changes: Any) -> Transfer:
    settings: dict[str, Any] = {
        "content": CONTENT,
        "styles": [Style(STYLE)],
        "objective": Objective(Features(), Gram(), TotalVariation()),
        "optimizer": LBFGS(),
        "steps": 8,
        "color": Luminance(),
    }
    return Transfer(network=network, **(settings | changes))


def run(of: Transfer, **options: Any) -> tuple[Result, list[Iterate]]:
    seen: list[Iterate] = []
    return stylize(of, observers=[seen.append], **options), seen


def total(of: Transfer, picture: np.ndarray, shift: Callable[..., Any] | None = None) -> float:
    """The objective of the lightness of `picture`, at full size."""
    content, styles = of.seen
    at = evaluation(of.network, of.objective, styles)
    evaluate = shift(at, content) if shift else at(content)
    return float(evaluate(tf.constant(gray(picture))).total)


WAYS: dict[str, dict[str, Any]] = {
    "lbfgs": {},
    "lbfgs without box": {"optimizer": LBFGS(box=False)},
    "adam": {"optimizer": Adam()},
    "adam without box": {"optimizer": Adam(box=False, learning_rate=0.1)},
    "sgd": {"optimizer": SGD()},
    "averaged": {"optimizer": Averaged(Adam())},
    "best": {"optimizer": Best(SGD(learning_rate=2.0))},
    "octaves": {"content": blobs(128, 160, 1), "pyramid": Octaves((0.5, 1.0), (1.0, 1.0))},
    "averaged octaves": {
        "content": blobs(128, 160, 1),
        "pyramid": Octaves((0.5, 1.0), (1.0, 1.0)),
        "optimizer": Averaged(LBFGS()),
    },
    "mask": {"mask": SOFT},
    "style masks": {"styles": [Style(STYLE, SOFT), Style(blobs(48, 48, 3), 1 - SOFT)]},
    "two styles": {"styles": [Style(STYLE, weight=2.0), Style(blobs(48, 48, 3), apart=True)]},
    "init noise": {"init": Noise()},
    "init style": {"init": FromStyle()},
    "init picture": {"init": FromImage(blobs(50, 50, 9))},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_recorded_loss_is_that_of_the_presented_picture(network: Network, way: str) -> None:
    of = transfer(network, **WAYS[way])
    result, _ = run(of)
    assert result.point
    assert total(of, result.image) == pytest.approx(float(result.point.total), rel=2e-3)
    assert total(of, from_uint8(to_uint8(result.image))) == pytest.approx(float(result.point.total), rel=2e-2)
    assert chroma_distance(result.image, of.content) < 0.5


def test_the_recorded_loss_with_jitter_is_that_of_the_presented_picture_with_the_same_shift(network: Network) -> None:
    of = transfer(network, optimizer=Adam(), jitter=7, seed=3)
    result, _ = run(of)
    found = total(of, result.image, lambda at, content: jittered(at, content, 7, 3, used=7))
    assert result.point
    assert found == pytest.approx(float(result.point.total), rel=2e-3)


def test_every_iterate_is_gray_and_is_presented_with_its_lightness(network: Network) -> None:
    of = transfer(network, content=blobs(128, 160, 1), pyramid=Octaves((0.5, 1.0), (1.0, 1.0)), init=Noise())
    _, seen = run(of)
    for iterate in seen:
        image = np.asarray(iterate.point.image)
        limits = of.limits(*image.shape[1:3])
        assert limits
        assert np.ptp(image, axis=-1).max() == 0
        assert ((limits.low <= image) & (image <= limits.high)).all()
        light, expected = (rgb2lab(picture)[..., 0] for picture in (of.present(image), image))
        np.testing.assert_allclose(light, expected, atol=0.1)


def test_the_presented_picture_has_a_lower_loss_than_colors_added_to_a_picture_of_free_colors(network: Network) -> None:
    of = transfer(network, steps=20)
    content, styles = of.seen
    free, _ = run(replace(of, content=content, styles=styles, color=Free()))
    assert total(of, run(of)[0].image) < 0.95 * total(of, Luminance().after(free.image, CONTENT))


def test_a_resumed_run_ends_with_the_same_pixels(network: Network) -> None:
    of = transfer(network, content=blobs(128, 160, 1), pyramid=Octaves((0.5, 1.0), (1.0, 1.0)))
    whole, seen = run(of)
    for iterate in (seen[1], seen[-2]):
        np.testing.assert_array_equal(run(of, resume=iterate)[0].image, whole.image)


@pytest.mark.parametrize("color", ["free", "luminance", "histogram"])
def test_outside_the_mask_the_pixels_are_the_contents(network: Network, color: str) -> None:
    modes: dict[str, Any] = {"free": Free(), "luminance": Luminance(), "histogram": HistogramMatching()}
    result, _ = run(transfer(network, mask=SOFT, color=modes[color]))
    outside = SOFT[0, 0, :, 0] == 0
    np.testing.assert_array_equal(result.image[:, :, outside], CONTENT[:, :, outside])
    assert np.abs(result.image - CONTENT)[:, :, SOFT[0, 0, :, 0] == 1].mean() > 0.005


def test_the_gradient_equals_finite_differences_between_the_limits_and_never_leaves_them(
    network: Network, rng: np.random.Generator
) -> None:
    of = transfer(network)
    content, styles = of.seen
    limits = of.limits(64, 80)
    assert limits
    evaluate = limits.within(evaluation(network, of.objective, styles)(content))
    middle = np.repeat((limits.low + limits.high) / 2, 3, -1)
    gradient = np.asarray(evaluate(tf.constant(middle)).gradient)
    steepest = gradient / np.linalg.norm(gradient)
    room = ((limits.high - limits.low) > 0.1).astype(np.float32)
    up, down = (evaluate(tf.constant(middle + sign * 0.005 * steepest * room)).total for sign in (1, -1))
    assert float(up - down) / 0.01 == pytest.approx(float((gradient * steepest * room).sum()), rel=2e-2)
    for bound, outward in ((limits.low, 1), (limits.high, -1)):
        wild = tf.constant(np.repeat(bound, 3, -1) - outward * rng.uniform(0, 0.5, middle.shape).astype(np.float32))
        point = evaluate(wild)
        np.testing.assert_array_equal(point.image, np.repeat(bound, 3, -1))
        assert (outward * np.asarray(point.gradient) <= 0).all()
        assert np.abs(point.gradient).max() > 0


def test_limits_of_a_picture_in_every_extreme_color_are_near_its_own_lightness() -> None:
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1]), np.float32).T.reshape(1, 4, 2, 3)
    limits = Limits(*Luminance().limits(corners))
    own = gray(corners)[..., :1]
    colored = np.ptp(corners, axis=-1, keepdims=True) > 0
    assert ((limits.low <= own + 1e-6) & (own - 1e-6 <= limits.high)).all()
    assert (np.where(colored, limits.high - limits.low, 0) < 1e-3).all()
    np.testing.assert_allclose([limits.low[~colored], limits.high[~colored]], [[0, 0], [1, 1]], atol=1e-4)


@pytest.mark.parametrize("more", [(), ("pyramid=octaves", "size=128", "steps=6"), ("optimizer=averaged",)], ids=str)
def test_result_json_records_the_loss_of_result_png(
    nst: Callable[..., Outcome], network: Network, more: Sequence[str]
) -> None:
    assert nst("color=luminance", "observers=full", *more).status == 0
    folder = only_run()
    config: Any = OmegaConf.load(folder / "config.yaml")
    setup = set_up(config, Pictures(config))
    loss = json.loads((folder / "result.json").read_text())["loss"]
    assert total(setup.transfer, read_image(folder / "result.png")) == pytest.approx(loss, rel=1e-2)
