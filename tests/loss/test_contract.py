"""The contract of losses, and the errors for losses that break it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import tensorflow as tf

from nst import Gram, Objective
from nst.errors import InputError
from nst.loss.contract import Loss, Reference, Target
from nst.loss.objective import measure


@dataclass(frozen=True)
class Mean(Loss):
    """Squared means of features: a minimal loss."""

    term = "loss.content"
    weight: float = field(default=1.0, compare=False)
    layers: Sequence[str] = ("block1_conv1",)
    means: Sequence[float] = (0.0,)

    def target(self, reference: Reference) -> Target:
        del reference
        return Target({}, {layer: tf.constant(self.weight) for layer in self.layers})

    def __call__(self, features: Any, target: Any) -> dict[str, Any]:
        del target
        return {layer: tf.reduce_mean(features[layer]) ** 2 for layer in self.layers}


def test_a_loss_with_lists_can_be_hashed() -> None:
    loss = Mean(layers=["block1_conv1", "block2_conv1"], means=[1.0, 2.0])
    assert loss == Mean(layers=("block1_conv1", "block2_conv1"), means=(1.0, 2.0))
    assert Objective(content=loss, style=Gram(weight=0)).layers == ("block1_conv1", "block2_conv1")


def test_losses_that_differ_only_in_weight_are_equal() -> None:
    assert Mean(weight=1.0) == Mean(weight=2.0)
    assert hash(Mean(weight=1.0)) == hash(Mean(weight=2.0))


def test_a_minimal_loss_has_the_defaults_of_the_contract() -> None:
    assert (Mean().copies, Mean().smallest, Mean().guidable) == (0, 1, False)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), "much", 1e31])
def test_a_weight_out_of_range_is_refused(weight: Any) -> None:
    with pytest.raises(InputError, match=r"loss\.content\.weight must be"):
        Mean(weight=weight)


def test_an_object_that_is_not_a_loss_is_refused() -> None:
    class Other:
        weight, layers = 1.0, ("block1_conv1",)

    with pytest.raises(InputError, match=r"loss\.content: Other does not extend nst\.loss\.contract\.Loss"):
        Objective(content=Other(), style=Gram())  # pyright: ignore[reportArgumentType]


def test_a_loss_without_the_dataclass_decorator_is_refused() -> None:
    class Undecorated(Mean):
        power: float = 2.0

    with pytest.raises(InputError, match=r"loss\.content: Undecorated must be a dataclass"):
        Objective(content=Undecorated(), style=Gram())


def test_a_loss_that_compares_its_weight_is_refused() -> None:
    @dataclass(frozen=True)
    class Compared(Mean):
        weight: float = 1.0

    with pytest.raises(InputError, match=r"Compared must declare weight as field"):
        Objective(content=Compared(), style=Gram())


def test_a_value_for_a_wrong_layer_is_reported() -> None:
    targets = {"content": Target({}, {"block1_conv1": tf.constant(1.0)})}
    for features, loss in (({"block2_conv1": tf.ones([1, 2, 2, 3])}, Mean(layers=("block2_conv1",))),):
        with pytest.raises(
            InputError,
            match=r"loss\.content: Mean must return one scalar each for block1_conv1; wrong: block1_conv1, block2",
        ):
            measure([("content", loss)], features, targets)


def test_a_loss_that_cannot_be_hashed_is_refused_with_the_remedy() -> None:
    @dataclass(frozen=True)
    class Forgetful(Mean):
        def __post_init__(self) -> None:
            pass

    with pytest.raises(InputError, match=r"Forgetful cannot be hashed .* super\(\).__post_init__\(\)"):
        Objective(content=Forgetful(layers=["block1_conv1"]), style=Gram())
