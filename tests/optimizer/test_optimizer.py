"""The contract for all optimizers, and each optimizer against an independent implementation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst.errors import InputError
from nst.optimizer.adam import Adam
from nst.optimizer.averaged import Averaged
from nst.optimizer.best import Best
from nst.optimizer.lbfgs import LBFGS, Pair, _direction
from nst.optimizer.schedule import FACTORS
from nst.optimizer.sgd import SGD
from nst.state import Point
from tests.conftest import ROOT

OPTIMIZERS = {
    "sgd": lambda box: SGD(learning_rate=0.05, box=box),
    "adam": lambda box: Adam(learning_rate=0.05, box=box),
    "lbfgs": lambda box: LBFGS(box=box),
    "averaged": lambda box: Averaged(Adam(learning_rate=0.05, box=box), decay=0.8),
    "best": lambda box: Best(SGD(learning_rate=0.05, box=box)),
}


def evaluator(function: Callable[[Any], Any]) -> Callable[[Any], Point]:
    """An `Evaluate` from a function of the picture."""

    def evaluate(image: Any) -> Point:
        with tf.GradientTape() as tape:
            tape.watch(image)
            total = function(image)
        return Point(image, total, tape.gradient(total, image), {"term": {"layer": total}}, {"term": {"layer": total}})

    return evaluate


def quadratic(center: np.ndarray) -> Callable[[Any], Any]:
    """A quadratic with its minimum at `center` and a different curvature for every value."""
    stiffness = np.linspace(1, 4, center.size).reshape(center.shape)
    return lambda x: tf.reduce_sum(stiffness * (x - center) ** 2)


def rosenbrock(x: Any) -> Any:
    a, b = x[..., 0], x[..., 1]
    return tf.reduce_sum(100 * (b - a**2) ** 2 + (1 - a) ** 2)


def minimize(optimizer: Any, evaluate: Any, start: np.ndarray, evaluations: int) -> tuple[Point, int, list[float]]:
    point, state, used = evaluate(tf.constant(start)), optimizer.init(tf.constant(start)), 1
    totals = [float(point.total)]
    while used < evaluations:
        point, state, count, converged = optimizer.step(evaluate, point, state, evaluations - used)
        used += int(count)
        totals.append(float(point.total))
        if bool(converged):
            break
    return point, used, totals


CENTER = np.linspace(0.2, 0.8, 12).reshape(1, 2, 2, 3)
START = np.full((1, 2, 2, 3), 0.5)


def test_every_optimizer_is_tested_here() -> None:
    files = {path.stem for path in (ROOT / "nst" / "optimizer").glob("*.py")}
    assert files - {"__init__", "contract", "wrapper", "schedule"} == set(OPTIMIZERS)


@pytest.mark.parametrize("box", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
class TestContract:
    def test_finds_the_minimum(self, name: str, box: bool) -> None:
        point, _, _ = minimize(OPTIMIZERS[name](box), evaluator(quadratic(CENTER)), START, 300)
        np.testing.assert_allclose(point.image, CENTER, atol=1e-3)

    def test_counts_every_evaluation_and_keeps_to_the_budget(self, name: str, box: bool) -> None:
        calls = 0
        evaluate = evaluator(rosenbrock)

        def counted(image: Any) -> Point:
            nonlocal calls
            calls += 1
            return evaluate(image)

        _, used, _ = minimize(OPTIMIZERS[name](box), counted, np.full((1, 2, 2, 2), 0.3), 23)
        assert used == calls == 23

    def test_the_optimizer_object_has_no_state(self, name: str, box: bool) -> None:
        """Equal calls give equal results: the object has no state."""
        optimizer, evaluate = OPTIMIZERS[name](box), evaluator(rosenbrock)
        point, state = evaluate(tf.constant(START[..., :2])), optimizer.init(tf.constant(START[..., :2]))
        for _ in range(3):
            point, state, _, _ = optimizer.step(evaluate, point, state, 10)
        first, second = (optimizer.step(evaluate, point, state, 10) for _ in range(2))
        np.testing.assert_array_equal(first.point.image, second.point.image)

    def test_tf_function_gives_the_same_steps_as_eager_execution(self, name: str, box: bool) -> None:
        optimizer, evaluate = OPTIMIZERS[name](box), evaluator(rosenbrock)
        start = tf.constant(np.full((1, 2, 2, 2), 0.3))
        step = tf.function(lambda point, state: optimizer.step(evaluate, point, state, 10))
        eager, graph = (evaluate(start), optimizer.init(start)), (evaluate(start), optimizer.init(start))
        for _ in range(6):
            eager = optimizer.step(evaluate, *eager, 10)[:2]
            graph = step(*graph)[:2]
        np.testing.assert_allclose(eager[0].image, graph[0].image, rtol=1e-9)

    def test_images_stay_inside_the_box(self, name: str, box: bool) -> None:
        outside = np.full((1, 2, 2, 3), 1.5)
        outside[..., 0] = 0.5
        seen: list[Any] = []
        evaluate = evaluator(quadratic(outside))

        def recorded(image: Any) -> Point:
            seen.append(image)
            return evaluate(image)

        point, _, _ = minimize(OPTIMIZERS[name](box), recorded, START, 200)
        np.testing.assert_allclose(point.image, np.clip(outside, 0, 1) if box else outside, atol=1e-3)
        assert not box or all(float(tf.reduce_max(image)) <= 1 for image in seen)


def naive_two_loop(gradient: np.ndarray, pairs: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Nocedal & Wright, algorithm 7.4, literally, on flat vectors."""
    q, alphas = gradient.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (y @ s))
        q = q - alphas[-1] * y
    s, y = pairs[-1]
    r = (s @ y) / (y @ y) * q
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r


@pytest.mark.parametrize("known", [1, 3, 5])
def test_lbfgs_direction_equals_the_naive_recursion(known: int, rng: np.random.Generator) -> None:
    shape, history = (1, 2, 3, 3), 5
    hessian = rng.normal(size=(18, 18))
    hessian = hessian @ hessian.T + np.eye(18)
    steps = rng.normal(size=(known, 18))
    gradient = rng.normal(size=18)
    empty = Pair(tf.zeros(shape, tf.float64), tf.zeros(shape, tf.float64), tf.constant(0.0, tf.float64))
    shaped = [(s, tf.constant(s.reshape(shape)), tf.constant((hessian @ s).reshape(shape))) for s in steps]
    pairs = [Pair(s, y, tf.constant(1 / (flat @ hessian @ flat))) for flat, s, y in shaped]
    found = _direction(tf.constant(gradient.reshape(shape)), (*[empty] * (history - known), *pairs))
    expected = naive_two_loop(gradient, [(s, hessian @ s) for s in steps])
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-9)


def test_lbfgs_reaches_the_minimum_of_rosenbrock() -> None:
    start = np.array([-1.2, 1.0]).reshape(1, 1, 1, 2)
    point, used, totals = minimize(LBFGS(box=False), evaluator(rosenbrock), start, 100)
    np.testing.assert_allclose(np.ravel(point.image), [1, 1], atol=1e-6)
    assert used < 60
    assert totals == sorted(totals, reverse=True)


def test_lbfgs_reaches_the_minimum_of_rosenbrock_inside_a_box() -> None:
    """If the box keeps the first value under 0.5, the minimum is at (0.5, 0.25)."""
    shifted = evaluator(lambda x: rosenbrock(tf.stack([x[..., 0] - 0.5, x[..., 1]], -1)))
    point, _, _ = minimize(LBFGS(box=True), shifted, np.full((1, 1, 1, 2), 0.1), 200)
    np.testing.assert_allclose(np.ravel(point.image), [1, 0.25], atol=1e-4)


def test_lbfgs_takes_one_evaluation_for_most_steps() -> None:
    center = np.linspace(0.1, 0.9, 300).reshape(1, 10, 10, 3)
    _, used, totals = minimize(LBFGS(), evaluator(quadratic(center)), np.full(center.shape, 0.5), 40)
    assert used <= 1.4 * len(totals)


def test_lbfgs_converges_at_the_minimum() -> None:
    evaluate = evaluator(quadratic(CENTER))
    _, used, _ = minimize(LBFGS(), evaluate, CENTER, 100)
    assert used < 100


def test_lbfgs_recovers_from_points_of_infinite_loss() -> None:
    """The first points of the line search are outside the domain of the logarithm."""
    function = evaluator(lambda x: tf.reduce_sum(x - 0.01 * tf.math.log(x)))
    point, _, totals = minimize(LBFGS(box=False), function, np.full((1, 2, 2, 3), 0.06), 60)
    np.testing.assert_allclose(point.image, 0.01, rtol=1e-2)
    assert np.isfinite(totals).all()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(0.03, 0.0, box=False), lambda k: k.SGD(0.03)),
        (SGD(0.03, 0.8, box=False), lambda k: k.SGD(0.03, momentum=0.8)),
        (SGD(0.03, 0.8, nesterov=True, box=False), lambda k: k.SGD(0.03, momentum=0.8, nesterov=True)),
        (Adam(0.02, 0.99, 0.999, 0.1, box=False), lambda k: k.Adam(0.02, 0.99, 0.999, 0.1)),
        (Adam(0.05, box=False), lambda k: k.Adam(0.05, epsilon=1e-8)),
    ],
)
def test_first_order_methods_equal_keras(ours: Any, theirs: Any) -> None:
    import keras

    start = tf.constant(np.full((1, 2, 2, 2), 0.3), tf.float32)
    evaluate, variable, reference = evaluator(rosenbrock), tf.Variable(start), theirs(keras.optimizers)
    point, state = evaluate(start), ours.init(start)
    for _ in range(10):
        point, state, _, _ = ours.step(evaluate, point, state, 1)
        reference.apply_gradients([(evaluate(tf.convert_to_tensor(variable)).gradient, variable)])
        np.testing.assert_allclose(point.image, variable.numpy(), rtol=2e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(learning_rate=0), "above 0"),
        (lambda: SGD(momentum=1), "below 1"),
        (lambda: Adam(learning_rate=-1), "above 0"),
        (lambda: Adam(beta_1=1), "below 1"),
        (lambda: Adam(epsilon=0), "above 0"),
        (lambda: Adam(schedule="cosin"), "did you mean 'cosine'"),
        (lambda: SGD(schedule="exponential", decay_rate=1.1), "at most 1"),
        (lambda: SGD(decay_steps=0), "at least 1"),
        (lambda: Averaged(Adam(), decay=1), "below 1"),
        (lambda: Best("adam"), "must be an optimizer"),  # pyright: ignore[reportArgumentType]
        (lambda: LBFGS(history=0), "at least 1"),
        (lambda: LBFGS(history=2.5), "whole"),  # pyright: ignore[reportArgumentType]
        (lambda: LBFGS(max_evaluations=1), "at least 2"),
        (lambda: LBFGS(box="no"), "true or false"),  # pyright: ignore[reportArgumentType]
        (lambda: Adam(box="no"), "true or false"),  # pyright: ignore[reportArgumentType]
        (lambda: SGD(nesterov="no"), "true or false"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_bad_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


INNER = {
    "sgd": SGD(learning_rate=0.001, momentum=0.5, box=False),
    "adam": Adam(learning_rate=0.3, box=False),
    "lbfgs": LBFGS(box=False),
}


@pytest.mark.parametrize("name", INNER)
class TestWrappers:
    """Each wrapper around every optimizer, compared with the optimizer alone, which has one evaluation less."""

    START = np.full((1, 2, 2, 2), 0.3)

    def unwrapped(self, name: str, evaluations: int) -> list[Point]:
        seen: list[Point] = []
        evaluate, image = evaluator(rosenbrock), tf.constant(self.START)
        point, state, used = evaluate(image), INNER[name].init(image), 1
        while used < evaluations:
            seen.append(point)
            point, state, count, _ = INNER[name].step(evaluate, point, state, evaluations - used)
            used += int(count)
        return [*seen, point]

    def test_averaged_returns_the_weighted_mean_of_the_pictures(self, name: str) -> None:
        pictures = [np.asarray(point.image) for point in self.unwrapped(name, 14)]
        weights = 0.9 ** np.arange(len(pictures))[::-1]
        ended, used, _ = minimize(Averaged(INNER[name], decay=0.9), evaluator(rosenbrock), self.START, 15)
        assert used == 15
        np.testing.assert_allclose(ended.image, np.average(pictures, 0, weights), rtol=1e-12)
        assert float(ended.total) == pytest.approx(float(rosenbrock(ended.image)))

    def test_best_returns_the_point_of_lowest_loss(self, name: str) -> None:
        points = self.unwrapped(name, 14)
        lowest = min(points, key=lambda point: float(point.total))
        ended, _, _ = minimize(Best(INNER[name]), evaluator(rosenbrock), self.START, 15)
        np.testing.assert_array_equal(ended.image, lowest.image)
        assert float(ended.total) == float(lowest.total)


def test_best_returns_an_earlier_point_if_the_loss_rises() -> None:
    unstable = SGD(learning_rate=0.9, momentum=0.0, box=False)  # doubles the distance along the stiffest value
    evaluate = evaluator(quadratic(CENTER))
    last, _, _ = minimize(unstable, evaluate, START, 6)
    best, _, _ = minimize(Best(unstable), evaluate, START, 7)
    assert float(best.total) < 0.1 * float(last.total)


def test_averaged_returns_the_average_after_convergence() -> None:
    ended, used, _ = minimize(Averaged(LBFGS(box=False), decay=0.5), evaluator(quadratic(CENTER)), CENTER, 100)
    assert used < 100
    np.testing.assert_allclose(ended.image, CENTER)


@pytest.mark.parametrize(
    ("schedule", "theirs"),
    [
        ("exponential", lambda k: k.ExponentialDecay(1.0, 7, 0.6)),
        ("cosine", lambda k: k.CosineDecay(1.0, 7, alpha=0.6)),
        ("root", lambda k: lambda t: (1 + 0.6 * float(t) / 7) ** -0.5),
        ("constant", lambda k: lambda t: 1.0),
    ],
)
def test_a_schedule_equals_keras_or_its_formula(schedule: str, theirs: Any) -> None:
    import keras

    factor = theirs(keras.optimizers.schedules)
    for optimizer in (
        SGD(schedule=schedule, decay_rate=0.6, decay_steps=7),
        Adam(schedule=schedule, decay_rate=0.6, decay_steps=7),
    ):
        for updates in range(12):
            found = optimizer.factor(tf.constant(float(updates)))
            assert float(found) == pytest.approx(float(factor(tf.constant(float(updates)))), rel=1e-6)
    assert schedule in FACTORS


@pytest.mark.parametrize("make", [SGD, Adam])
def test_a_step_is_proportional_to_its_scheduled_learning_rate(make: Any) -> None:
    """From equal states, the step with factor 1/2 is half the step with factor 1."""
    evaluate, start = evaluator(quadratic(CENTER)), tf.constant(START)
    point, moves = evaluate(start), []
    for schedule in ("constant", "root"):
        optimizer = make(schedule=schedule, decay_rate=3.0, decay_steps=1, box=False)
        state = optimizer.init(start)._replace(step=tf.constant(1.0, tf.float64))
        moves.append(np.asarray(optimizer.step(evaluate, point, state, 1).point.image - start))
    np.testing.assert_allclose(moves[1], moves[0] / 2)


def waves(height: int, width: int) -> np.ndarray:
    """A smooth picture, equal at all sizes."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    planes = [0.5 + 0.2 * np.sin(k + 3 * y / height) * np.cos(k + 4 * x / width) for k in range(3)]
    return np.stack(planes, -1)[None].astype(np.float32)


class TestCarriedToALargerLevel:
    """The function is a mean over positions, like the losses: a pixel's gradient is proportional to 1 / pixels."""

    def evaluate(self, height: int, width: int) -> Callable[[Any], Point]:
        center = waves(height, width)
        stiffness = 1 + 9 * waves(height, width)[..., ::-1]
        return evaluator(lambda x: tf.reduce_mean(stiffness * (x - center) ** 2))

    def state_at(self, optimizer: Any, height: int, width: int) -> tuple[Point, Any]:
        evaluate = self.evaluate(height, width)
        start = tf.constant(np.full((1, height, width, 3), 0.5, np.float32))
        point, state = evaluate(start), optimizer.init(start)
        for _ in range(6):
            point, state, _, _ = optimizer.step(evaluate, point, state, 20)
        return point, state

    @pytest.mark.parametrize("name", OPTIMIZERS)
    def test_the_state_has_the_structure_and_shapes_of_a_fresh_state(self, name: str) -> None:
        optimizer = OPTIMIZERS[name](True)
        _, state = self.state_at(optimizer, 12, 16)
        image = tf.zeros([1, 24, 32, 3])
        carried, fresh = optimizer.carried(state, image), optimizer.init(image)
        tf.nest.assert_same_structure(carried, fresh)
        for one, other in zip(tf.nest.flatten(carried), tf.nest.flatten(fresh), strict=True):
            assert one.shape == other.shape

    def test_carried_pairs_match_the_larger_levels_curvature(self) -> None:
        """On a quadratic, y = H s. This holds approximately for enlarged pairs."""
        optimizer = LBFGS(history=6, box=False)
        _, state = self.state_at(optimizer, 24, 32)
        pairs = [pair for pair in optimizer.carried(state, tf.zeros([1, 48, 64, 3])) if pair.rho > 0]
        assert 3 <= len(pairs) <= 5
        gradient = self.evaluate(48, 64)
        at_zero = gradient(tf.zeros([1, 48, 64, 3])).gradient
        for s, y, rho in pairs:
            expected = gradient(s).gradient - at_zero
            error = float(tf.norm(y - expected) / tf.norm(expected))
            assert error < 0.05
            assert float(rho) == pytest.approx(1 / float(tf.reduce_sum(s * y)), rel=1e-5)

    def test_the_first_step_is_better_with_the_carried_state(self) -> None:
        optimizer = LBFGS(box=False)
        point, state = self.state_at(optimizer, 24, 32)
        evaluate = self.evaluate(48, 64)
        start = evaluate(tf.image.resize(point.image, (48, 64), "bicubic") + 0.05 * waves(48, 64))
        fresh = optimizer.step(evaluate, start, optimizer.init(start.image), 1).point
        carried = optimizer.step(evaluate, start, optimizer.carried(state, start.image), 1).point
        assert float(carried.total) < float(fresh.total)

    def test_a_short_history_is_filled_with_carried_pairs(self) -> None:
        optimizer = LBFGS(history=2, box=False)
        _, state = self.state_at(optimizer, 12, 16)
        assert len(optimizer.carried(state, tf.zeros([1, 24, 32, 3]))) == 2

    def test_an_empty_history_carries_no_pairs(self) -> None:
        optimizer, small, large = LBFGS(), tf.zeros([1, 12, 16, 3]), tf.zeros([1, 24, 32, 3])
        carried = optimizer.carried(optimizer.init(small), large)
        assert all(float(pair.rho) == 0 for pair in carried)
