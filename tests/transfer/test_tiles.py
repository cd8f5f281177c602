"""Evaluation by tiles, against the evaluation of the whole picture."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from omegaconf import OmegaConf

from nst.errors import InputError
from nst.extractor.network import Network, Source
from nst.extractor.options import Options
from nst.extractor.passes import bytes_per_pixel
from nst.extractor.tiles import margin, shares, tiles
from nst.layers import LAYERS, STYLE_LAYERS, block_of
from nst.loss.content.features import Features
from nst.loss.content.laplacian import Laplacian
from nst.loss.content.self_similarity import SelfSimilarity
from nst.loss.objective import TILED, Mix, Objective, tileable
from nst.loss.smooth.total_variation import TotalVariation
from nst.loss.style.gram import Gram
from nst.loss.style.gram_shifted import GramShifted
from nst.loss.style.moments import Moments
from nst.loss.style.mrf import MRF
from nst.loss.style.wasserstein import Wasserstein
from nst.optimizer.lbfgs import LBFGS
from nst.runner.instantiate import build
from nst.style import Style
from nst.transfer.evaluate import evaluation
from nst.transfer.transfer import Transfer
from tests.conftest import CONF, blobs

HEIGHT, WIDTH = 203, 170  # no tile divides them
CONTENT, PICTURE, PAINTING, OTHER = (blobs(HEIGHT, WIDTH, seed) for seed in (1, 2, 3, 4))
LEFT = np.linspace(1, 0, WIDTH, dtype=np.float32)[None, None, :, None].repeat(HEIGHT, 1)
ONE = [Style(PAINTING)]
TWO = [Style(PAINTING, weight=2.0, scale=1.3), Style(OTHER, scale=0.7)]
MASKED = [Style(PAINTING, LEFT), Style(OTHER, 1 - LEFT)]
APART = [Style(PAINTING, apart=True), Style(OTHER, apart=True)]

OBJECTIVES = {
    "gram": Objective(Features(), Gram(), TotalVariation()),
    "gram_shifted": Objective(Features(layers=("block2_conv2", "block3_conv3")), GramShifted()),
    "moments": Objective(Features(), Moments(), TotalVariation()),
    "wasserstein": Objective(Mix({"features": Features(), "laplacian": Laplacian()}), Wasserstein()),
    "mix": Objective(Features(), Mix({"gram": Gram(), "moments": Moments(layers=("block1_conv2", "block2_conv1"))})),
}


def evaluated(network: Network, objective: Objective, styles: list[Style], side: int | None, keep: float = 0.0) -> Any:
    return evaluation(network, objective, styles, side, keep)(CONTENT)(tf.constant(PICTURE))


def assert_equal(found: Any, expected: Any, tolerance: float) -> None:
    assert float(found.total) == pytest.approx(float(expected.total), rel=tolerance)
    size = np.linalg.norm(expected.gradient)
    assert np.linalg.norm(found.gradient - expected.gradient) <= tolerance * size
    for kind in ("weighted", "canonical"):
        one, other = getattr(found, kind), getattr(expected, kind)
        assert {term: list(values) for term, values in one.items()} == {t: list(v) for t, v in other.items()}
        for term, values in other.items():
            for layer, value in values.items():
                assert float(one[term][layer]) == pytest.approx(float(value), rel=10 * tolerance), (term, layer)


@pytest.mark.parametrize("side", [64, 96, 150])
@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=list(OBJECTIVES))
def test_loss_and_gradient_are_those_of_the_whole_picture(network: Network, objective: Objective, side: int) -> None:
    assert_equal(evaluated(network, objective, ONE, side), evaluated(network, objective, ONE, None), 1e-5)


@pytest.mark.parametrize("styles", [TWO, MASKED, APART], ids=["two", "masked", "apart"])
def test_several_styles(network: Network, styles: list[Style]) -> None:
    objective = OBJECTIVES["gram"]
    assert_equal(evaluated(network, objective, styles, 64), evaluated(network, objective, styles, None), 1e-5)


@pytest.mark.parametrize(("padding", "pooling"), [("reflect", "max"), ("zero", "avg"), ("replicate", "l2")])
def test_options_of_the_network(network: Network, padding: str, pooling: str) -> None:
    other, objective = network.replace(padding=padding, pooling=pooling), OBJECTIVES["gram"]
    assert_equal(evaluated(other, objective, ONE, 64), evaluated(other, objective, ONE, None), 2e-5)


def test_winograd(network: Network) -> None:
    rounded, objective = network.replace(convolution="winograd"), OBJECTIVES["gram"]
    assert_equal(evaluated(rounded, objective, ONE, 64), evaluated(rounded, objective, ONE, None), 1e-4)


def assert_same_bits(network: Network, objective: Objective, styles: list[Style]) -> None:
    """Whether tiles are kept or computed again changes no bit."""
    parts = tiles((HEIGHT, WIDTH), 64, network, objective.layers)
    half = bytes_per_pixel(network, objective.layers) * sum(tile.outer.area for tile in parts) / 2
    none, some, everything = (evaluated(network, objective, styles, 64, keep) for keep in (0.0, half, 1e12))
    for found in (some, everything):
        assert float(found.total) == float(none.total)
        np.testing.assert_array_equal(found.gradient, none.gradient)
        assert tf.nest.flatten(found.canonical) == tf.nest.flatten(none.canonical)


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=list(OBJECTIVES))
def test_kept_tiles_give_the_same_bits(network: Network, objective: Objective) -> None:
    assert_same_bits(network, objective, ONE)


@pytest.mark.parametrize("styles", [TWO, MASKED, APART], ids=["two", "masked", "apart"])
def test_kept_tiles_give_the_same_bits_with_several_styles(network: Network, styles: list[Style]) -> None:
    assert_same_bits(network, OBJECTIVES["gram"], styles)


@pytest.mark.parametrize(
    "options",
    [
        {"padding": "reflect", "pooling": "max"},
        {"padding": "zero", "pooling": "avg"},
        {"padding": "replicate", "pooling": "l2"},
        {"precision": "bfloat16"},
        {"precision": "bfloat16", "padding": "reflect", "pooling": "l2"},
        {"convolution": "winograd"},
    ],
    ids=lambda options: "-".join(options.values()),
)
def test_kept_tiles_give_the_same_bits_with_every_option(network: Network, options: dict[str, Any]) -> None:
    assert_same_bits(network.replace(**options), OBJECTIVES["gram"], ONE)


@pytest.mark.parametrize("keep", [-1.0, float("inf"), float("nan")])
def test_a_transfer_refuses_to_keep_less_than_nothing_or_without_end(network: Network, keep: float) -> None:
    with pytest.raises(InputError, match="keep must be"):
        Transfer(CONTENT, ONE, network, OBJECTIVES["gram"], LBFGS(), tiles=64, keep=keep)


def test_the_loss_is_flat_across_the_edges_of_tiles(network: Network) -> None:
    """No pixel's gradient is off by more than rounding, so no seam can appear."""
    objective = OBJECTIVES["gram"]
    found, expected = (evaluated(network, objective, ONE, side).gradient.numpy() for side in (64, None))
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def test_a_loss_that_is_no_mean_over_positions_is_refused(network: Network) -> None:
    objective = Objective(Features(), MRF())
    with pytest.raises(InputError, match=r"tiles: loss/style=mrf cannot be .*; use loss/style=gram or .* or tiles=off"):
        evaluated(network, objective, ONE, 64)


@pytest.mark.parametrize("kind", ["content", "style"])
def test_every_choice_of_loss_is_listed_if_it_can_be_measured_by_tiles(kind: str) -> None:
    folder = CONF / "loss" / kind
    configs = {path.stem: OmegaConf.create({"seed": 0, "loss": OmegaConf.load(path)}) for path in folder.glob("*.yaml")}
    losses = {name: build(config, "loss") for name, config in configs.items() if name != "mix"}
    able = {name for name, loss in losses.items() if tileable(loss)}
    assert able == set(TILED[kind])


def test_losses_of_the_picture_alone(network: Network) -> None:
    objective = Objective(Laplacian(), Gram(weight=0.0), TotalVariation())
    assert_equal(evaluated(network, objective, ONE, 64), evaluated(network, objective, ONE, None), 1e-5)


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (
            Objective(SelfSimilarity(), Gram()),
            "loss/content=self_similarity cannot .* use loss/content=features or",
        ),
        (Objective(Features(), GramShifted(chained=True)), "loss/style=gram_shifted cannot .* use chained=false, or"),
    ],
    ids=["content", "chained"],
)
def test_the_refusal_names_what_to_use(network: Network, objective: Objective, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Transfer(CONTENT, ONE, network, objective, LBFGS(), tiles=64)


@pytest.mark.parametrize("side", [0, -5, 8, 63])
def test_a_transfer_refuses_sides_that_are_too_small(network: Network, side: int) -> None:
    with pytest.raises(InputError, match="tiles must be at least 64"):
        Transfer(CONTENT, ONE, network, OBJECTIVES["gram"], LBFGS(), tiles=side)


class TestTiles:
    """The geometry of tiles."""

    @pytest.mark.parametrize("side", [64, 100, 128])
    @pytest.mark.parametrize("size", [(203, 170), (65, 333), (40, 48), (129, 128), (191, 256)])
    def test_insides_cover_the_picture_once_and_are_no_larger_than_asked(
        self, network: Network, size: tuple[int, int], side: int
    ) -> None:
        covered = np.zeros(size, int)
        for tile in tiles(size, side, network, STYLE_LAYERS):
            top, left, bottom, right = tile.inside
            covered[top:bottom, left:right] += 1
            assert max(bottom - top, right - left) <= side
            assert top % 16 == left % 16 == 0
        assert (covered == 1).all()

    @pytest.mark.parametrize("size", [(203, 170), (65, 333), (129, 81)])
    def test_every_tile_has_positions_at_every_layer(self, network: Network, size: tuple[int, int]) -> None:
        parts = tiles(size, 64, network, STYLE_LAYERS)
        for layer in STYLE_LAYERS:
            counts = [tile.positions(layer) for tile in parts]
            stride = 2 ** (block_of(layer) - 1)
            assert min(counts) > 0
            assert sum(counts) == (size[0] // stride) * (size[1] // stride)
            assert sum(shares(parts, [layer])[layer]) == pytest.approx(1)

    @pytest.mark.parametrize("layer", ["block1_conv2", "block3_conv1", "block5_conv1"])
    def test_the_margin_is_as_far_as_a_feature_sees(self, layer: str) -> None:
        """A random network: a change at the margin changes the feature, a change beyond does not."""
        network, side = random_network(), 352
        reach, stride = margin(network, [layer]), 2 ** (block_of(layer) - 1)
        center = side // stride // 2
        picture = blobs(side, side, 1)

        def feature(picture: np.ndarray) -> np.ndarray:
            return network(tf.constant(picture), [layer])[layer][0, center, center].numpy()

        for offset, seen in ((reach, True), (reach + 1, False)):
            changed = picture.copy()
            changed[:, center * stride - offset] += 1000
            assert (np.abs(feature(changed) - feature(picture)).max() > 0) == seen


def random_network() -> Network:
    """Positive kernels of few channels, so that every feature depends on every pixel it sees."""
    rng, channels, weights = np.random.default_rng(0), 3, {}
    for layer in LAYERS[: LAYERS.index("block5_conv1") + 1]:
        kernel = rng.uniform(0.1, 1, (3, 3, channels, 4)).astype(np.float32) / (9 * channels)
        weights[layer], channels = (kernel, np.zeros(4, np.float32)), 4
    source = Source(name="random", file="", sha256="")
    return Network(weights, lambda image: image, source=source, options=Options(pooling="avg"))
