"""The inner loop, on functions whose way down is known."""

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


def go(function: Any, optimizer: Any, steps: int, **options: Any) -> tuple[Any, list[tuple[Point, int]]]:
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
def test_it_takes_exactly_the_steps_asked_for_and_tells_each(steps: int) -> None:
    descent, seen = go(TOWARDS, Adam(), steps)
    assert (descent.evaluations, descent.ending) == (steps, Ending.STEPS)
    assert [used for _, used in seen] == list(range(1, steps + 1))
    np.testing.assert_array_equal(seen[0][0].image, START)
    assert descent.point is seen[-1][0]


def test_what_is_told_belongs_together() -> None:
    _, seen = go(TOWARDS, Adam(), 5)
    for point, _ in seen:
        assert float(point.total) == pytest.approx(float(TOWARDS(point.image)))


def test_it_ends_when_there_is_no_way_down() -> None:
    descent, _ = go(TOWARDS, LBFGS(), 500)
    assert descent.ending is Ending.CONVERGED
    assert descent.evaluations < 500


def test_a_direction_that_leads_nowhere_is_logged_and_left(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)
    caplog.set_level(logging.INFO, "nst")
    monkeypatch.setattr(lbfgs, "_direction", misled(lbfgs._direction))
    descent, seen = go(TOWARDS, LBFGS(box=False), 60)
    assert "no way down along this direction; steepest descent is next" in caplog.text
    assert float(seen[-1][0].total) < 0.01 * float(seen[0][0].total)
    assert descent.evaluations <= 60


def misled(direction: Any) -> Any:
    """`direction`, which at its third call leads upwards."""
    calls = []

    def found(gradient: Any, pairs: Any) -> Any:
        calls.append(1)
        return gradient if len(calls) == 3 else direction(gradient, pairs)

    return found


def test_what_a_wrapper_kept_is_the_end_where_patience_is_over() -> None:
    """SGD with too long a step is past its lowest point when patience ends it."""
    wild = SGD(0.3, 0.0, box=False)
    _, seen = go(TOWARDS, wild, 9)
    totals = [float(point.total) for point, _ in seen]
    assert totals[-1] > 2 * min(totals)
    descent, told = go(TOWARDS, Best(wild), 9, stop=Stop(patience=3))
    assert descent.ending is Ending.CONVERGED
    assert descent.point is told[-1][0]
    assert float(descent.point.total) == min(totals)
    assert descent.evaluations == told[-1][1] < 9


def test_divergence_leaves_what_a_wrapped_optimizer_kept() -> None:
    wild = SGD(1.0, 0.9, box=False)
    alone, _ = go(TOWARDS, wild, 500)
    descent, seen = go(TOWARDS, Best(wild), 500)
    assert alone.ending is descent.ending is Ending.DIVERGED
    assert alone.point is not None
    assert descent.point is not None
    assert float(descent.point.total) == min(float(point.total) for point, _ in seen) < float(alone.point.total)
    assert descent.evaluations == alone.evaluations + 1


def test_patience_ends_what_no_longer_falls() -> None:
    descent, seen = go(lambda x: TOWARDS(x) + 1, SGD(0.01, 0), 500, stop=Stop(patience=7, tolerance=0.01))
    assert descent.ending is Ending.CONVERGED
    totals = [float(point.total) for point, _ in seen]
    assert totals[-8] < totals[-9] or len(totals) == 8
    assert all(total > totals[-8] * 0.99 for total in totals[-7:])


def test_a_loss_that_is_not_finite_ends_it_with_the_last_good_point() -> None:
    cliff = lambda x: tf.reduce_sum(tf.math.log(0.8 - x))  # noqa: E731  falls to minus infinity, then to nan
    descent, seen = go(cliff, SGD(0.02, 0.5, box=False), 500)
    assert descent.ending is Ending.DIVERGED
    assert descent.point is seen[-1][0]
    assert np.isfinite(descent.point.image).all()


def test_a_loss_that_explodes_ends_it() -> None:
    descent, seen = go(TOWARDS, SGD(1e20, 0, box=False), 500)
    assert descent.ending is Ending.DIVERGED
    assert len(seen) == 1


def test_a_start_at_the_very_bottom_is_no_divergence() -> None:
    descent, _ = go(quadratic(np.full((1, 2, 2, 3), 0.5 + 1e-9)), Adam(), 20)
    assert descent.ending is Ending.STEPS


def test_a_first_loss_that_is_not_finite_leaves_no_point() -> None:
    descent, seen = go(lambda x: tf.reduce_sum(x) * float("nan"), Adam(), 5)
    assert (descent.point, descent.ending, seen) == (None, Ending.DIVERGED, [])


def test_an_interrupt_ends_it_after_the_step() -> None:
    asked = iter([False, False, True])
    descent, seen = go(TOWARDS, Adam(), 100, interrupted=lambda: next(asked))
    assert descent.ending is Ending.INTERRUPTED
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Stop(patience=0), "stop.patience must be at least 1"),
        (lambda: Stop(tolerance=-1), "stop.tolerance must be at least 0"),
    ],
)
def test_bad_settings_are_refused_with_the_bound(make: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make()
