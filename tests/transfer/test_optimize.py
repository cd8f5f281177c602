"""The loop over steps, on functions with a known minimum."""

import logging
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst.errors import InputError
from nst.optimizer import lbfgs
from nst.optimizer.adam import Adam
from nst.optimizer.best import Best
from nst.optimizer.lbfgs import LBFGS
from nst.optimizer.sgd import SGD
from nst.state import Ending, Point
from nst.transfer.optimize import Stop, descend
from tests.optimizer.test_optimizer import evaluator, quadratic

START = tf.constant(np.full((1, 2, 2, 3), 0.5))
TOWARDS = quadratic(np.full((1, 2, 2, 3), 0.9))


def run_descent(function: Any, optimizer: Any, steps: int, **options: Any) -> tuple[Any, list[tuple[Point, int]]]:
    seen: list[tuple[Point, int]] = []
    descent = descend(
        evaluator(function),
        START,
        optimizer,
        steps=steps,
        observe=lambda at: seen.append((at.point, at.used)),
        **options,
    )
    return descent, seen


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_exactly_the_given_steps_are_taken_and_observed(steps: int) -> None:
    descent, seen = run_descent(TOWARDS, Adam(), steps)
    assert (descent.evaluations, descent.ending) == (steps, Ending.STEPS)
    assert [used for _, used in seen] == list(range(1, steps + 1))
    np.testing.assert_array_equal(seen[0][0].image, START)
    assert descent.point is seen[-1][0]


def test_an_observed_point_has_the_loss_of_its_image() -> None:
    _, seen = run_descent(TOWARDS, Adam(), 5)
    for point, _ in seen:
        assert float(point.total) == pytest.approx(float(TOWARDS(point.image)))


def test_the_descent_converges_at_the_minimum() -> None:
    descent, _ = run_descent(TOWARDS, LBFGS(), 500)
    assert descent.ending is Ending.CONVERGED
    assert descent.evaluations < 500


def test_a_bad_direction_is_logged_and_steepest_descent_follows(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)
    caplog.set_level(logging.INFO, "nst")
    monkeypatch.setattr(lbfgs, "_direction", reversed_once(lbfgs._direction))
    descent, seen = run_descent(TOWARDS, LBFGS(box=False), 60)
    assert "no lower loss along this direction; steepest descent is next" in caplog.text
    assert float(seen[-1][0].total) < 0.01 * float(seen[0][0].total)
    assert descent.evaluations <= 60


def reversed_once(direction: Any) -> Any:
    """`direction`, reversed at its third call, so that the loss rises along it."""
    calls = []

    def modified(gradient: Any, pairs: Any) -> Any:
        calls.append(1)
        return gradient if len(calls) == 3 else direction(gradient, pairs)

    return modified


def test_patience_ends_with_the_wrappers_point() -> None:
    """SGD with too long steps has passed its lowest point when patience ends the level."""
    unstable = SGD(0.3, 0.0, box=False)
    _, seen = run_descent(TOWARDS, unstable, 9)
    totals = [float(point.total) for point, _ in seen]
    assert totals[-1] > 2 * min(totals)
    descent, observed = run_descent(TOWARDS, Best(unstable), 9, stop=Stop(patience=3))
    assert descent.ending is Ending.CONVERGED
    assert descent.point is observed[-1][0]
    assert float(descent.point.total) == min(totals)
    assert descent.evaluations == observed[-1][1] < 9


def test_divergence_ends_with_the_wrappers_point() -> None:
    unstable = SGD(1.0, 0.9, box=False)
    unwrapped, _ = run_descent(TOWARDS, unstable, 500)
    descent, seen = run_descent(TOWARDS, Best(unstable), 500)
    assert unwrapped.ending is descent.ending is Ending.DIVERGED
    assert unwrapped.point is not None
    assert descent.point is not None
    assert float(descent.point.total) == min(float(point.total) for point, _ in seen) < float(unwrapped.point.total)
    assert descent.evaluations == unwrapped.evaluations + 1


def test_patience_ends_the_descent_if_the_loss_stalls() -> None:
    descent, seen = run_descent(lambda x: TOWARDS(x) + 1, SGD(0.01, 0), 500, stop=Stop(patience=7, tolerance=0.01))
    assert descent.ending is Ending.CONVERGED
    totals = [float(point.total) for point, _ in seen]
    assert totals[-8] < totals[-9] or len(totals) == 8
    assert all(total > totals[-8] * 0.99 for total in totals[-7:])


def test_a_non_finite_loss_ends_with_the_last_good_point() -> None:
    cliff = lambda x: tf.reduce_sum(tf.math.log(0.8 - x))  # noqa: E731  falls to minus infinity, then to nan
    descent, seen = run_descent(cliff, SGD(0.02, 0.5, box=False), 500)
    assert descent.ending is Ending.DIVERGED
    assert descent.point is seen[-1][0]
    assert np.isfinite(descent.point.image).all()


def test_an_exploding_loss_counts_as_divergence() -> None:
    descent, seen = run_descent(TOWARDS, SGD(1e20, 0, box=False), 500)
    assert descent.ending is Ending.DIVERGED
    assert len(seen) == 1


def test_a_start_near_the_minimum_does_not_count_as_divergence() -> None:
    descent, _ = run_descent(quadratic(np.full((1, 2, 2, 3), 0.5 + 1e-9)), Adam(), 20)
    assert descent.ending is Ending.STEPS


def test_a_non_finite_first_loss_gives_no_point() -> None:
    descent, seen = run_descent(lambda x: tf.reduce_sum(x) * float("nan"), Adam(), 5)
    assert (descent.point, descent.ending, seen) == (None, Ending.DIVERGED, [])


def test_an_interrupt_ends_the_descent_after_the_current_step() -> None:
    asked = iter([False, False, True])
    descent, seen = run_descent(TOWARDS, Adam(), 100, interrupted=lambda: next(asked))
    assert descent.ending is Ending.INTERRUPTED
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stop(patience=0), "stop.patience must be at least 1"),
        (lambda: Stop(tolerance=-1), "stop.tolerance must be at least 0"),
    ],
)
def test_bad_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
