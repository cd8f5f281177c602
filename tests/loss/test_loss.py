"""Basic losses against independent NumPy versions, and their gradients against finite differences."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst.errors import InputError
from nst.layers import IMAGE
from nst.loss.content.features import Features
from nst.loss.contract import Reference
from nst.loss.objective import Objective, measure, weigh
from nst.loss.smooth import total_variation
from nst.loss.smooth.total_variation import TotalVariation
from nst.loss.style.gram import Gram

LAYERS = ("block1_conv1", "block2_conv1")
HEIGHT, WIDTH = 8, 10
SHAPES = {IMAGE: (1, HEIGHT, WIDTH, 3), "block1_conv1": (1, HEIGHT, WIDTH, 4), "block2_conv1": (1, 4, 5, 6)}


def some_features(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {layer: rng.uniform(0, 1, shape) for layer, shape in SHAPES.items()}


def tensors(features: dict[str, np.ndarray]) -> dict[str, Any]:
    return {layer: tf.constant(value) for layer, value in features.items()}


X, CONTENT, STYLE = some_features(1), some_features(2), some_features(3)
REFERENCE = Reference(tensors(CONTENT), [(tensors(STYLE), 1.0)])


def flat(features: np.ndarray) -> np.ndarray:
    return features.reshape(-1, features.shape[-1])  # [M, C]


def numpy_content(normalizer: str, layer: str, x: dict[str, np.ndarray]) -> float:
    F, P = flat(x[layer]), flat(CONTENT[layer])
    M, C = F.shape
    square = ((F - P) ** 2).sum()
    return {
        "target": square / (P**2).sum(),
        "mean": square / F.size,
        "sum": square,
        "half_sum": square / 2,
        "root": square / (2 * np.sqrt(C) * np.sqrt(M)),
        "image_root": square / (2 * np.sqrt(C) * np.sqrt(HEIGHT * WIDTH)),
        "image_mean": square / (C * HEIGHT * WIDTH),
    }[normalizer]


def numpy_gram(normalizer: str, layer: str, x: dict[str, np.ndarray]) -> float:
    F, A = flat(x[layer]), flat(STYLE[layer])
    M, C = F.shape
    square = ((F.T @ F - A.T @ A) ** 2).sum()
    return {
        "target": square / ((A.T @ A) ** 2).sum(),
        "mean": square / (M**2 * C**2),
        "gatys": square / (4 * C**2 * M**2),
        "channels": (((F.T @ F) / (C * M) - (A.T @ A) / (C * M)) ** 2).mean(),
        "image": square / (4 * 3**2 * (HEIGHT * WIDTH) ** 2),
    }[normalizer]


def numpy_variation(form: str, exponent: float, image: np.ndarray) -> float:
    I = image[0]  # noqa: E741
    dx, dy = np.diff(I, axis=1), np.diff(I, axis=0)
    if form == "anisotropic":
        return ((np.abs(dx) ** exponent).sum() + (np.abs(dy) ** exponent).sum()) / I.size
    if form == "separate":
        return (np.abs(dx) ** exponent).mean() + (np.abs(dy) ** exponent).mean()
    if form == "isotropic":
        return ((dx[:-1] ** 2 + dy[:, :-1] ** 2) ** (exponent / 2)).mean()
    total = 0.0
    for rows, columns, divisor in ((0, 1, 3), (1, 0, 3), (1, 1, 12), (1, -1, 12)):
        for r in range(HEIGHT):
            for c in range(WIDTH):
                other = I[min(r + rows, HEIGHT - 1), min(max(c + columns, 0), WIDTH - 1)]
                total += (np.abs(other - I[r, c]) ** exponent).sum() / divisor
    return total / I.size


def value(loss: Any, x: dict[str, np.ndarray], reference: Reference = REFERENCE) -> float:
    """The weighted term, summed over layers, in float64."""
    target = loss.target(reference)
    return sum(float(target.scales[layer] * v) for layer, v in loss(tensors(x), target.values).items())


def assert_gradient(loss: Any, layer: str, tolerance: float = 1e-4) -> None:
    """The tape's gradient at one layer equals central differences along random directions."""
    target, features = loss.target(REFERENCE), tensors(X)
    with tf.GradientTape() as tape:
        tape.watch(features[layer])
        total = tf.add_n([target.scales[k] * v for k, v in loss(features, target.values).items()])
    gradient = tape.gradient(total, features[layer]).numpy()
    rng, step = np.random.default_rng(5), 1e-5
    for _ in range(3):
        direction = rng.normal(size=X[layer].shape)
        up, down = ({**X, layer: X[layer] + sign * step * direction} for sign in (1, -1))
        expected = (value(loss, up) - value(loss, down)) / (2 * step)
        assert (gradient * direction).sum() == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("normalizer", Features.normalizers)
def test_content_equals_numpy(normalizer: str) -> None:
    loss = Features(weight=3.0, layers=LAYERS, layer_weights=[0.5, 2.0], normalizer=normalizer)
    expected = 3 * (0.5 * numpy_content(normalizer, LAYERS[0], X) + 2 * numpy_content(normalizer, LAYERS[1], X))
    assert value(loss, X) == pytest.approx(expected, rel=1e-5)
    assert_gradient(loss, LAYERS[1])


@pytest.mark.parametrize("normalizer", Gram.normalizers)
def test_gram_equals_numpy(normalizer: str) -> None:
    loss = Gram(weight=3.0, layers=LAYERS, normalizer=normalizer)
    expected = 3 * np.mean([numpy_gram(normalizer, layer, X) for layer in LAYERS])
    assert value(loss, X) == pytest.approx(expected, rel=1e-5)
    assert_gradient(loss, LAYERS[0])


@pytest.mark.parametrize("exponent", [1.0, 2.0, 2.5])
@pytest.mark.parametrize("form", total_variation.FORMS)
def test_total_variation_equals_numpy(form: str, exponent: float) -> None:
    loss = TotalVariation(weight=2.0, form=form, exponent=exponent, normalizer="mean")
    assert value(loss, X) == pytest.approx(2 * numpy_variation(form, exponent, X[IMAGE]), rel=1e-5)
    assert_gradient(loss, IMAGE)


@pytest.mark.parametrize("normalizer", total_variation.NORMALIZERS)
@pytest.mark.parametrize("form", total_variation.FORMS)
def test_every_normalizer_of_total_variation_equals_numpy(form: str, normalizer: str) -> None:
    of_x, of_content = (numpy_variation(form, 2, picture[IMAGE]) for picture in (X, CONTENT))
    count = 3 * (7 * 9 if form == "isotropic" else 8 * 10)
    expected = {"target": of_x / of_content, "mean": of_x, "sum": of_x * count, "half_sum": of_x * count / 2}
    assert value(TotalVariation(1.0, form, 2.0, normalizer), X) == pytest.approx(expected[normalizer], rel=1e-5)


def test_summed_anisotropic_variation_equals_tensorflow() -> None:
    expected = float(tf.image.total_variation(tf.constant(X[IMAGE]))[0])
    assert value(TotalVariation(1.0, "anisotropic", 1.0, "sum"), X) == pytest.approx(expected)


def test_a_content_without_variation_gives_a_moderate_loss() -> None:
    flat = {layer: np.full(shape, 0.5) for layer, shape in SHAPES.items()}
    reference = Reference(tensors(flat), [(tensors(STYLE), 1.0)])
    assert value(TotalVariation(1.0), X, reference) < 1e3


@pytest.mark.parametrize("form", total_variation.FORMS)
@pytest.mark.parametrize("exponent", [1.0, 2.0, 2.5])
def test_a_flat_picture_has_no_variation_and_a_finite_gradient(form: str, exponent: float) -> None:
    image = tf.fill([1, 6, 6, 3], 0.5)
    with tf.GradientTape() as tape:
        tape.watch(image)
        v = total_variation.FORMS[form](image, exponent)
    assert float(v) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(tape.gradient(v, image).numpy()).all()


@pytest.mark.parametrize("loss", [Features(layers=LAYERS), Gram(layers=LAYERS)])
def test_the_reference_itself_has_zero_loss(loss: Any) -> None:
    reference = Reference(tensors(X), [(tensors(X), 1.0)])
    assert value(loss, X, reference) == pytest.approx(0, abs=1e-12)
    assert value(loss, CONTENT, reference) > 1e-3


def test_relative_losses_are_independent_of_the_scale_of_features() -> None:
    def scaled(features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {layer: v * (10.0 if layer != IMAGE else 1.0) for layer, v in features.items()}

    reference = Reference(tensors(scaled(CONTENT)), [(tensors(scaled(STYLE)), 1.0)])
    for loss in (Features(layers=LAYERS), Gram(layers=LAYERS)):
        assert value(loss, scaled(X), reference) == pytest.approx(value(loss, X), rel=1e-5)


def test_several_styles_average_their_gram_matrices_by_share() -> None:
    styles = [some_features(seed) for seed in (4, 5)]
    target = Gram(layers=LAYERS).target(
        Reference(tensors(CONTENT), [(tensors(styles[0]), 0.25), (tensors(styles[1]), 0.75)])
    )
    first, second = (flat(style[LAYERS[0]]) for style in styles)
    expected = 0.25 * first.T @ first / len(first) + 0.75 * second.T @ second / len(second)
    np.testing.assert_allclose(target.values[LAYERS[0]], expected, rtol=1e-6)


def test_weighted_terms_sum_to_the_total_and_canonical_terms_omit_the_weight() -> None:
    light, heavy = (
        Objective(Features(layers=LAYERS), Gram(weight=weight, layers=LAYERS), TotalVariation())
        for weight in (1.0, 7.0)
    )
    targets, targets_7 = (
        {name: loss.target(REFERENCE) for name, loss in objective.terms} for objective in (light, heavy)
    )
    canonical, canonical_7 = measure(light.terms, tensors(X), targets), measure(heavy.terms, tensors(X), targets_7)
    total, weighted = weigh(canonical, targets)
    _, weighted_7 = weigh(canonical_7, targets_7)
    assert float(total) == pytest.approx(sum(float(v) for term in weighted.values() for v in term.values()))
    assert set(weighted) == set(canonical) == {"content", "style", "smooth"}
    assert canonical == canonical_7
    assert floats(weighted_7["style"]) == pytest.approx({k: 7 * v for k, v in floats(weighted["style"]).items()})


def floats(values: dict[str, Any]) -> dict[str, float]:
    return {layer: float(v) for layer, v in values.items()}


def test_a_term_of_weight_0_is_left_out() -> None:
    objective = Objective(Features(weight=0.0), Gram(layers=LAYERS), TotalVariation(weight=0.0))
    assert [name for name, _ in objective.terms] == ["style"]
    assert objective.layers == LAYERS


@pytest.mark.parametrize("loss", [Gram(weight=1.0), Features(weight=1.0), TotalVariation(weight=1.0)])
def test_losses_that_differ_only_in_weight_share_one_graph(loss: Any) -> None:
    other = type(loss)(weight=2.0)
    assert loss == other
    assert hash(loss) == hash(other)
    assert Gram(layers=["block1_conv1"]) != Gram(layers=["block1_conv2"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gram(weight=-1.0), "at least 0"),
        (lambda: Gram(weight=float("nan")), "finite"),
        (lambda: Gram(weight=float("inf")), "finite"),
        (lambda: Gram(layers=["block4_conv9"]), "block4_conv4"),
        (lambda: Gram(layers=[]), "at least one"),
        (lambda: Gram(layers=["block1_conv1", "block1_conv1"]), "only once"),
        (lambda: Gram(layers="block1_conv1"), "list"),
        (lambda: Gram(layers=None), "list"),  # pyright: ignore[reportArgumentType]
        (lambda: Gram(weight=1e39), "at most 1e"),
        (lambda: Gram(layer_weights=5), "list"),  # pyright: ignore[reportArgumentType]
        (lambda: Gram(layers=LAYERS, layer_weights=[1.0]), "1 for 2"),
        (lambda: Gram(layers=LAYERS, layer_weights=[1.0, -1.0]), "at least 0"),
        (lambda: Gram(normalizer="channel"), "channels"),
        (lambda: Features(normalizer="half"), "half_sum"),
        (lambda: TotalVariation(form="diagonl"), "diagonal"),
        (lambda: TotalVariation(exponent=0.5), "at least 1"),
        (lambda: Objective(Features(weight=0.0), Gram(weight=0.0)), "both 0"),
    ],
)
def test_bad_settings_are_refused_with_the_bound(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
