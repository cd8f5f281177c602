"""Losses of other papers against independent NumPy versions, and their gradients against finite differences."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import sqrtm

from nst.errors import InputError
from nst.layers import IMAGE
from nst.loss.content.laplacian import Laplacian
from nst.loss.content.self_similarity import SelfSimilarity
from nst.loss.contract import Reference
from nst.loss.quantiles import between, matched
from nst.loss.style.gram import Gram
from nst.loss.style.gram_shifted import GramShifted
from nst.loss.style.histogram import Histogram
from nst.loss.style.moments import Moments
from nst.loss.style.mrf import MRF
from nst.loss.style.sliced_wasserstein import SlicedWasserstein
from nst.loss.style.wasserstein import Wasserstein
from tests.conftest import Outcome
from tests.loss.test_loss import (
    CONTENT,
    LAYERS,
    REFERENCE,
    STYLE,
    X,
    assert_gradient,
    flat,
    some_features,
    tensors,
    value,
)

OTHER_STYLE = some_features(4)
TWO_STYLES = Reference(tensors(CONTENT), [(tensors(STYLE), 0.75), (tensors(OTHER_STYLE), 0.25)])


def mean_over_layers(numpy_loss: Any) -> float:
    return float(np.mean([numpy_loss(layer) for layer in LAYERS]))


class TestMoments:
    @pytest.mark.parametrize("normalizer", Moments.normalizers)
    def test_it_equals_numpy(self, normalizer: str) -> None:
        def numpy_loss(layer: str) -> float:
            F, S = flat(X[layer]), flat(STYLE[layer])
            distance = ((F.mean(0) - S.mean(0)) ** 2).mean() + ((F.std(0) - S.std(0)) ** 2).mean()
            return distance / {"target": (S.mean(0) ** 2).mean() + (S.std(0) ** 2).mean(), "mean": 1}[normalizer]

        loss = Moments(weight=3.0, layers=LAYERS, normalizer=normalizer)
        assert value(loss, X) == pytest.approx(3 * mean_over_layers(numpy_loss), rel=1e-5)
        assert_gradient(loss, LAYERS[1])

    def test_a_flat_picture_has_a_finite_gradient(self) -> None:
        loss = Moments(layers=LAYERS)
        target = loss.target(REFERENCE)
        level = tf.ones_like(tf.constant(X[LAYERS[0]]))
        with tf.GradientTape() as tape:
            tape.watch(level)
            total = tf.add_n(list(loss({**tensors(X), LAYERS[0]: level}, target.values).values()))
        assert np.isfinite(np.asarray(tape.gradient(total, level))).all()


class TestGramShifted:
    def matrix(self, x: dict[str, np.ndarray], layer: str, other: str, shift: dict[str, float]) -> np.ndarray:
        """As in the paper: the smaller map is enlarged by repetition."""
        features, other_features = x[layer] + shift[layer], x[other] + shift[other]
        if layer != other:
            features = features.repeat(2, axis=1).repeat(2, axis=2)
        return (
            flat(features).T @ flat(other_features[:, : features.shape[1], : features.shape[2]]) / len(flat(features))
        )

    @pytest.mark.parametrize("chained", [False, True])
    @pytest.mark.parametrize("unit", ["mean", "one"])
    def test_it_equals_numpy(self, chained: bool, unit: str) -> None:
        shift = {layer: -0.5 * (STYLE[layer].mean() if unit == "mean" else 1) for layer in LAYERS}
        pairs = [(LAYERS[0], LAYERS[0]), (LAYERS[1], LAYERS[0] if chained else LAYERS[1])]
        grams = [[self.matrix(x, *pair, shift) for pair in pairs] for x in (X, STYLE)]
        expected = 3 * np.mean([((G - A) ** 2).mean() for G, A in zip(*grams, strict=True)])
        loss = GramShifted(weight=3.0, layers=LAYERS, shift=-0.5, unit=unit, chained=chained, normalizer="mean")
        assert value(loss, X) == pytest.approx(expected, rel=1e-5)
        for layer in LAYERS:
            assert_gradient(loss, layer)

    def test_without_a_shift_it_equals_the_gram_loss(self) -> None:
        for normalizer in GramShifted.normalizers:
            shifted = GramShifted(weight=3.0, layers=LAYERS, shift=0.0, normalizer=normalizer)
            plain = Gram(weight=3.0, layers=LAYERS, normalizer=normalizer)
            assert value(shifted, X) == pytest.approx(value(plain, X), rel=1e-6)

    def test_chained_layers_must_go_from_shallow_to_deep(self) -> None:
        with pytest.raises(InputError, match="from shallow to deep"):
            GramShifted(layers=LAYERS[::-1], chained=True)


def wasserstein(F: np.ndarray, S: np.ndarray, epsilon: float = 1e-4) -> tuple[float, np.ndarray, float]:
    """(distance, gradient, divisor of `target`) of `[M,C]` in float64, from singular values: they need no squares."""
    F, S = F.astype(np.float64), S.astype(np.float64)
    (m, A), (n, B) = ((x.mean(0), np.cov(x.T, bias=True) + epsilon * np.eye(x.shape[1])) for x in (F, S))
    values, vectors = np.linalg.eigh(B)
    root, centered = vectors * np.sqrt(values.clip(epsilon)) @ vectors.T, F - m
    half = np.concatenate([centered.T / np.sqrt(len(F)), np.sqrt(epsilon) * np.eye(len(m))], axis=1)
    left, singular, _ = np.linalg.svd(root @ half, full_matrices=False)
    distance = ((m - n) ** 2).mean() + (np.trace(A) + np.trace(B) - 2 * singular.sum()) / len(m)
    slope = np.eye(len(m)) - root @ (left / singular) @ left.T @ root
    gradient = 2 * (m - n + centered @ slope) / F.size
    return float(distance), gradient, float((n**2).mean() + np.trace(B) / len(m))


def wasserstein_errors(F: np.ndarray, S: np.ndarray) -> tuple[float, float, float]:
    """(distance, its error, norm of the gradient's error) of float32 `[M,C]`, relative to a relative error of 1."""
    of_picture, of_style = ({LAYERS[0]: tf.constant(x[None, None]), IMAGE: tf.zeros([1, 8, 8, 3])} for x in (F, S))
    loss = Wasserstein(layers=LAYERS[:1])
    target = loss.target(Reference(of_picture, [(of_style, 0.7), (of_style, 0.3)]))
    with tf.GradientTape() as tape:
        tape.watch(of_picture[LAYERS[0]])
        distance = loss(of_picture, target.values)[LAYERS[0]]
    gradient = np.asarray(tape.gradient(distance, of_picture[LAYERS[0]]))[0, 0]
    expected, slope, divisor = wasserstein(F, S)
    wrong = np.linalg.norm(gradient - slope) / (2 * np.sqrt(divisor / F.size))
    return float(distance) / divisor, abs(float(distance) - expected) / max(divisor, expected), float(wrong)


class TestWasserstein:
    @pytest.mark.parametrize("normalizer", Wasserstein.normalizers)
    def test_it_equals_numpy(self, normalizer: str) -> None:
        def numpy_loss(layer: str) -> float:
            (m, S), (n, T) = (
                (flat(x[layer]).mean(0), np.cov(flat(x[layer]).T, bias=True) + 1e-2 * np.eye(x[layer].shape[-1]))
                for x in (X, STYLE)
            )
            root = sqrtm(T)
            distance = ((m - n) ** 2).mean() + np.trace(S + T - 2 * sqrtm(root @ S @ root).real) / len(m)
            return distance / {"target": (n**2).mean() + np.trace(T) / len(m), "mean": 1}[normalizer]

        loss = Wasserstein(weight=3.0, layers=LAYERS, normalizer=normalizer, epsilon=1e-2)
        assert value(loss, X) == pytest.approx(3 * mean_over_layers(numpy_loss), rel=1e-5)
        assert_gradient(loss, LAYERS[1])

    def test_the_style_itself_has_zero_loss(self) -> None:
        assert value(Wasserstein(layers=LAYERS), STYLE) == pytest.approx(0, abs=1e-6)

    def test_fewer_positions_than_channels_give_a_finite_gradient(self) -> None:
        """The covariance is singular then."""
        rng = np.random.default_rng(0)
        few = {layer: rng.uniform(size=(1, 1, 2, 8)) for layer in (IMAGE, LAYERS[0])}
        style = {layer: rng.uniform(size=(1, 1, 3, 8)) for layer in few}
        loss = Wasserstein(layers=LAYERS[:1])
        target, features = loss.target(Reference(tensors(few), [(tensors(style), 1.0)])), tensors(few)
        with tf.GradientTape() as tape:
            tape.watch(features[LAYERS[0]])
            total = loss(features, target.values)[LAYERS[0]]
        assert total > 0
        assert np.isfinite(tape.gradient(total, features[LAYERS[0]])).all()

    @pytest.mark.parametrize("scale", [0.1, 10.0, 300.0])
    @pytest.mark.parametrize(
        ("positions", "of_style", "rank", "near"),
        [
            (1, 1, 128, False),
            (6, 9, 128, False),
            (30, 20, 128, False),
            (30, 30, 128, True),
            (100, 450, 128, False),
            (127, 129, 128, False),
            (255, 150, 128, False),
            (257, 15, 128, False),
            (450, 450, 128, True),
            (450, 450, 6, False),
            (30, 450, 6, True),
        ],
    )
    def test_it_is_exact_for_every_rank(
        self, rng: np.random.Generator, scale: float, positions: int, of_style: int, rank: int, near: bool
    ) -> None:
        base = np.maximum(rng.normal(size=(rank, 128)), 0) if rank < 128 else np.diag(np.exp(rng.normal(size=128)))
        F, S = (
            (np.maximum(rng.normal(size=(count, rank)), 0) @ base * scale).astype(np.float32)
            for count in (positions, of_style)
        )
        if near:
            S = (np.resize(F, S.shape) * (1 + 1e-3 * rng.normal(size=S.shape))).astype(np.float32)
        distance, error, wrong = wasserstein_errors(F, S)
        assert distance >= 0
        assert error < 1e-6
        assert wrong < 5e-5

    @pytest.mark.parametrize("scale", [0.1, 10.0, 300.0])
    @pytest.mark.parametrize("positions", [1, 31, 33, 1000, 1100])
    def test_a_flat_picture_has_the_gradient_of_the_formula(
        self, rng: np.random.Generator, scale: float, positions: int
    ) -> None:
        """Its covariance is 0. Sums are in float64 up to 1024 positions, in float32 above."""
        level = rng.uniform(size=32)
        F = (np.tile(level, (positions, 1)) * scale).astype(np.float32)
        S = (np.maximum(rng.normal(size=(1100, 32)), 0) @ np.diag(np.exp(rng.normal(size=32))) * scale).astype(
            np.float32
        )
        for picture, style in ((F, S), (S, F)):
            distance, error, wrong = wasserstein_errors(picture, style)
            assert distance > 0
            assert error < 1e-6
            assert wrong < 1e-4

    @pytest.mark.parametrize("positions", [1, 7, 8, 9, 300])
    def test_the_picture_of_the_style_has_a_distance_and_a_gradient_of_0(
        self, rng: np.random.Generator, positions: int
    ) -> None:
        for scale in (0.1, 10.0, 300.0):
            F = np.maximum(rng.normal(size=(positions, 8)) * scale, 0).astype(np.float32)
            distance, _, wrong = wasserstein_errors(F, F)
            assert 0 <= distance < 1e-9
            assert wrong < 1e-6


class TestSorted:
    @pytest.mark.parametrize("count", [1, 3, 7, 12, 40])
    def test_quantiles_are_interpolated_between_samples(self, rng: np.random.Generator, count: int) -> None:
        samples = rng.normal(size=(2, 12))
        positions = (np.arange(count) + 0.5) / count * 12 - 0.5
        expected = [np.interp(positions, np.arange(12), np.sort(row)) for row in samples]
        np.testing.assert_allclose(between(tf.constant(samples), count), expected)

    def test_as_many_quantiles_as_samples_are_the_sorted_samples(self, rng: np.random.Generator) -> None:
        samples = rng.normal(size=(3, 9))
        np.testing.assert_allclose(between(tf.constant(samples), 9), np.sort(samples))

    def test_no_other_pairing_has_a_smaller_distance(self, rng: np.random.Generator) -> None:
        """Sorted order has the smallest distance of all permutations."""
        samples, quantiles = rng.normal(size=(1, 5)), np.sort(rng.normal(size=(1, 5)))
        best = min(((samples[0, list(order)] - quantiles[0]) ** 2).mean() for order in itertools.permutations(range(5)))
        assert float(matched(tf.constant(samples), tf.constant(quantiles))) == pytest.approx(best)


class TestSlicedWasserstein:
    def test_it_equals_numpy(self) -> None:
        """Picture and style have the same size."""
        loss = SlicedWasserstein(weight=3.0, layers=LAYERS, normalizer="mean", seed=5)

        def numpy_loss(layer: str) -> float:
            C = X[layer].shape[-1]
            directions = loss.target(REFERENCE).values[layer]["directions"].numpy()
            assert directions.shape == (C, C)
            np.testing.assert_allclose(directions @ directions.T, np.eye(C), atol=1e-12)
            p, q = (np.sort(flat(x[layer]) @ directions.T, axis=0) for x in (X, STYLE))
            return ((p - q) ** 2).mean()

        assert value(loss, X) == pytest.approx(3 * mean_over_layers(numpy_loss), rel=1e-6)
        assert_gradient(loss, LAYERS[1])

    def test_shuffled_positions_do_not_change_the_loss(self, rng: np.random.Generator) -> None:
        shuffled = {
            layer: rng.permutation(features.reshape(-1, features.shape[-1])).reshape(features.shape)
            for layer, features in STYLE.items()
        }
        assert value(SlicedWasserstein(layers=LAYERS), shuffled) == pytest.approx(0, abs=1e-12)

    def test_a_style_beside_its_copy_gives_nearly_the_same_loss(self) -> None:
        twice = {layer: np.concatenate([features, features], axis=1) for layer, features in STYLE.items()}
        loss = SlicedWasserstein(layers=LAYERS)
        beside_copy, alone = value(loss, X, Reference(tensors(CONTENT), [(tensors(twice), 1.0)])), value(loss, X)
        assert beside_copy == pytest.approx(alone, rel=0.05)

    def test_fewer_directions_are_the_first_of_all(self) -> None:
        all_directions, two_directions = (
            SlicedWasserstein(layers=LAYERS, directions=d).target(REFERENCE).values[LAYERS[1]]["directions"].numpy()
            for d in (None, 2)
        )
        np.testing.assert_array_equal(two_directions, all_directions[:2])

    def test_another_seed_gives_other_directions_and_the_same_graph(self) -> None:
        one, other = (SlicedWasserstein(layers=LAYERS, seed=seed) for seed in (0, 1))
        assert one == other
        found = [loss.target(REFERENCE).values[LAYERS[0]]["directions"].numpy() for loss in (one, other)]
        assert not np.allclose(*found)


class TestHistogram:
    def remapped(self, P: np.ndarray, S: np.ndarray) -> np.ndarray:
        """Each channel's values replaced by the style's of the same rank."""
        R = np.empty_like(P)
        for c in range(P.shape[1]):
            R[np.argsort(P[:, c]), c] = np.sort(S[:, c])
        return R

    @pytest.mark.parametrize("normalizer", Histogram.normalizers)
    def test_it_equals_numpy(self, normalizer: str) -> None:
        def numpy_loss(layer: str) -> float:
            P, S = flat(X[layer]), flat(STYLE[layer])
            square = ((P - self.remapped(P, S)) ** 2).sum()
            return square / {"target": (S**2).sum(), "mean": P.size, "sum": 1}[normalizer]

        loss = Histogram(weight=3.0, layers=LAYERS, normalizer=normalizer)
        assert value(loss, X) == pytest.approx(3 * mean_over_layers(numpy_loss), rel=1e-6)
        assert_gradient(loss, LAYERS[0])


class TestMRF:
    def patches(self, x: np.ndarray, size: int, stride: int) -> np.ndarray:
        _, h, w, _ = x.shape
        corners = itertools.product(range(0, h - size + 1, stride), range(0, w - size + 1, stride))
        return np.stack([x[0, r : r + size, c : c + size].ravel() for r, c in corners])

    @pytest.mark.parametrize(("size", "stride"), [(3, 1), (3, 2), (2, 2), (1, 1)])
    def test_it_equals_numpy(self, size: int, stride: int) -> None:
        def numpy_loss(layer: str) -> float:
            P, Q = (self.patches(x[layer], size, stride) for x in (X, STYLE))
            norm = np.linalg.norm(P, axis=1)[:, None] * np.linalg.norm(Q, axis=1)
            best = (P @ Q.T / norm).argmax(1)
            return ((P - Q[best]) ** 2).mean()

        loss = MRF(weight=3.0, layers=LAYERS, normalizer="mean", patch_size=size, stride=stride)
        assert value(loss, X) == pytest.approx(3 * mean_over_layers(numpy_loss), rel=1e-6)
        assert_gradient(loss, LAYERS[0])

    def test_the_style_itself_has_zero_loss(self) -> None:
        assert value(MRF(layers=LAYERS), STYLE) == pytest.approx(0, abs=1e-12)

    def test_patches_of_two_styles_are_pooled(self) -> None:
        for x in (STYLE, OTHER_STYLE):
            assert value(MRF(layers=LAYERS), x, TWO_STYLES) == pytest.approx(0, abs=1e-12)


class TestLaplacian:
    def laplacian(self, image: np.ndarray, pool: int) -> np.ndarray:
        _, H, W, _ = image.shape
        small = np.array(
            [[image[0, r : r + pool, c : c + pool].mean((0, 1)) for c in range(0, W, pool)] for r in range(0, H, pool)]
        ).sum(-1)
        edged = np.pad(small, 1, mode="edge")
        around = edged[:-2, 1:-1] + edged[2:, 1:-1] + edged[1:-1, :-2] + edged[1:-1, 2:]
        return 4 * small - around

    @pytest.mark.parametrize("normalizer", Laplacian.normalizers)
    def test_it_equals_numpy(self, normalizer: str) -> None:
        expected = []
        for pool in (1, 2):
            D, E = self.laplacian(X[IMAGE], pool), self.laplacian(CONTENT[IMAGE], pool)
            square = ((D - E) ** 2).sum()
            expected.append(square / {"target": (E**2).sum(), "mean": E.size, "sum": 1}[normalizer])
        loss = Laplacian(weight=3.0, pools=[1, 2], pool_weights=[0.5, 2.0], normalizer=normalizer)
        assert value(loss, X) == pytest.approx(3 * (0.5 * expected[0] + 2 * expected[1]), rel=1e-6)
        assert_gradient(loss, IMAGE)

    @pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
    def test_a_content_without_edges_gives_a_moderate_loss(self, level: float) -> None:
        """Its Laplacian is 0, or float32's rounding."""
        flat = {IMAGE: tf.fill([1, 40, 40, 3], np.float32(level))}
        picture = {IMAGE: tf.constant(np.random.default_rng(1).uniform(size=(1, 40, 40, 3)).astype(np.float32))}
        loss = Laplacian(weight=1.0, pools=[1, 4, 16])
        target = loss.target(Reference(flat, []))
        with tf.GradientTape() as tape:
            tape.watch(picture)
            total = tf.add_n([target.scales[pool] * found for pool, found in loss(picture, target.values).items()])
        gradients: Any = tape.gradient(total, picture)
        assert 0 < float(total) < 1e4
        assert np.abs(gradients[IMAGE]).max() < 1e2
        assert max(float(scale) for scale in target.scales.values()) == pytest.approx(1 / (3 * 1e-3))

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"pools": [0]}, "pools must be at least 1"),
            ({"pools": [4, 4]}, "only once"),
            ({"pool_weights": [1.0]}, "1 for 2 pools"),
            ({"normalizer": "summ"}, "did you mean 'sum'"),
        ],
    )
    def test_bad_settings_are_refused(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(InputError, match=message):
            Laplacian(**settings)


class TestSelfSimilarity:
    def normalized_distances(self, features: np.ndarray) -> np.ndarray:
        F = flat(features)
        F = F / np.linalg.norm(F, axis=1, keepdims=True)
        D = 1 - F @ F.T
        return D / D.sum(0)

    def test_it_equals_numpy(self) -> None:
        def numpy_loss(layer: str) -> float:
            return np.abs(self.normalized_distances(X[layer]) - self.normalized_distances(CONTENT[layer])).sum(0).mean()

        loss = SelfSimilarity(weight=3.0, layers=LAYERS)
        assert value(loss, X) == pytest.approx(3 * mean_over_layers(numpy_loss), rel=1e-5)
        assert_gradient(loss, LAYERS[1])

    @pytest.mark.parametrize("samples", [4, 10, 79, 80])
    def test_at_most_the_requested_number_of_positions_is_compared(self, samples: int) -> None:
        taken = SelfSimilarity(samples=samples)._sampled(tf.constant(X[LAYERS[0]]))
        assert samples / 4 <= taken.shape[1] * taken.shape[2] <= samples

    def test_a_common_factor_of_all_features_does_not_change_the_loss(self) -> None:
        scaled = {layer: features * 3 for layer, features in CONTENT.items()}
        assert value(SelfSimilarity(layers=LAYERS), scaled) == pytest.approx(0, abs=1e-9)


def measured(loss: Any, styles: Any) -> list[Any]:
    """The target's values, without the directions of `SlicedWasserstein`."""
    values = loss.target(Reference(tensors(CONTENT), styles)).values.values()
    return [value.get("sorted") if isinstance(value, dict) else value for value in values]


@pytest.mark.parametrize("kind", [Moments, SlicedWasserstein, Histogram])
def test_styles_are_averaged_by_their_shares(kind: Any) -> None:
    loss = kind(layers=LAYERS)
    both_styles, first_style, second_style = (
        measured(loss, styles) for styles in (TWO_STYLES.styles, TWO_STYLES.styles[:1], TWO_STYLES.styles[1:])
    )
    for together, first, second in zip(both_styles, first_style, second_style, strict=True):
        np.testing.assert_allclose(together, first + second)


@pytest.mark.parametrize("kind", [Gram, Moments, SlicedWasserstein, Histogram])
def test_a_target_is_proportional_to_the_share_of_its_style(kind: Any) -> None:
    loss = kind(layers=LAYERS)
    features = TWO_STYLES.styles[0][0]
    full_share, quarter_share = (measured(loss, [(features, share)]) for share in (1.0, 0.25))
    for full, quarter in zip(full_share, quarter_share, strict=True):
        assert np.any(np.asarray(full))
        np.testing.assert_allclose(quarter, 0.25 * np.asarray(full), rtol=1e-6)


def test_patches_that_do_not_fit_are_refused_before_the_first_step(nst: Callable[..., Outcome]) -> None:
    outcome = nst("loss/style=mrf", "loss.style.layers=[block5_conv1]", "loss.style.patch_size=7")
    assert outcome.status == 2
    assert "loss.style: patches of 7 do not fit block5_conv1, which has 4 positions" in outcome.err
