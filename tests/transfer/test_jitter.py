"""Jitter: evaluations of shifted pictures, shifted back; equal after a resume; refused where it is impossible."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst import LBFGS, SGD, Adam, Features, Gram, Objective, Style, Transfer, stylize
from nst.errors import InputError
from nst.extractor.network import Network
from nst.optimizer.averaged import Averaged
from nst.state import Iterate, Point
from nst.transfer.jitter import SHIFTS, jittered
from tests.conftest import Outcome, blobs
from tests.optimizer.test_optimizer import evaluator

CONTENT, STYLE = blobs(48, 64, 1), blobs(64, 48, 2)
OBJECTIVE = Objective(content=Features(layers=["block2_conv1"]), style=Gram(weight=5, layers=["block1_conv1"]))


def run(network: Network, optimizer: Any, observers: Sequence[Any] = (), resume: Any = None, **settings: Any) -> Any:
    transfer = Transfer(CONTENT, [Style(STYLE)], network, OBJECTIVE, optimizer, steps=13, **settings)
    return stylize(transfer, observers=observers, resume=resume)


def test_jitter_does_not_change_a_shift_invariant_loss() -> None:
    """Squared distance to the content, with equal weight for every value."""
    seen: list[np.ndarray] = []

    def at(content: np.ndarray) -> Callable[[Any], Point]:
        seen.append(content)
        return evaluator(lambda x: tf.reduce_sum((x - content) ** 2))

    plain, shifted = at(CONTENT), jittered(at, CONTENT, 5, seed=1, used=0)
    image = tf.constant(blobs(48, 64, 3))
    for _ in range(2 * SHIFTS):
        found, expected = shifted(image), plain(image)
        assert found.image is image
        assert float(found.total) == pytest.approx(float(expected.total), rel=1e-5)
        np.testing.assert_allclose(found.gradient, expected.gradient, atol=1e-6)
    assert len(seen) == 1 + SHIFTS, "each shift is measured once"
    assert len({content.tobytes() for content in seen}) > SHIFTS / 2


def test_jitter_0_returns_the_same_function() -> None:
    evaluate = evaluator(tf.reduce_sum)
    assert jittered(lambda _: evaluate, CONTENT, 0, seed=1, used=0) is evaluate


def test_jitter_changes_the_picture_and_depends_on_the_seed(network: Network) -> None:
    shifts: list[dict[str, Any]] = [{}, *({"jitter": 6, "seed": seed} for seed in (1, 1, 2))]
    without, one, again, other = (run(network, Adam(), **more).image for more in shifts)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - without).max() > 0.01
    assert np.abs(one - other).max() > 0.001
    assert np.abs(one - without).mean() < 0.1, "the picture is not shifted"


@pytest.mark.parametrize("optimizer", [Adam(), SGD(), Averaged(Adam())], ids=repr)
def test_a_resumed_run_continues_with_the_same_shifts(network: Network, optimizer: Any) -> None:
    seen: list[Iterate] = []
    whole = run(network, optimizer, jitter=6, observers=[seen.append])
    resumed = run(network, optimizer, jitter=6, resume=seen[5])
    np.testing.assert_array_equal(resumed.image, whole.image)


@pytest.mark.parametrize("optimizer", [LBFGS(), Averaged(LBFGS())], ids=repr)
def test_jitter_with_a_line_search_is_refused(network: Network, optimizer: Any) -> None:
    with pytest.raises(InputError, match="jitter needs optimizer=adam or sgd"):
        run(network, optimizer, jitter=1)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["jitter=3"], "jitter needs optimizer=adam or sgd"),
        (["jitter=300", "optimizer=adam"], "jitter must be 0 to 256 pixels, not 300"),
        (["jitter=-1", "optimizer=adam"], "jitter must be 0 to 256 pixels, not -1"),
    ],
)
def test_bad_jitter_is_refused_in_one_line(nst: Callable[..., Outcome], overrides: list[str], message: str) -> None:
    outcome = nst(*overrides)
    assert outcome.status == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_run_with_jitter_succeeds(nst: Callable[..., Outcome]) -> None:
    assert nst("jitter=4", "optimizer=averaged").status == 0
