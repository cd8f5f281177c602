"""Whether a run draws random numbers that follow from `seed`, without TensorFlow."""

from hydra.utils import get_object
from omegaconf import DictConfig

from nst.runner.instantiate import TARGET, settings_of
from nst.setting_rules import identity_part

OWN = "nst."
EXAMPLES = "init=noise, jitter=4 with optimizer=adam, or loss/style=sliced_wasserstein"
"""Settings that draw random numbers, for messages."""


def is_random(config: DictConfig) -> bool:
    """Whether another `seed` may change the picture of a run with `config`.

    The seed has three uses: the first picture, jitter, and settings that refer to it, like the directions of a loss
    (`seed: ${seed}`). The first picture of a class outside nst counts as random.
    """
    return bool(config.jitter) or _draws(config.init) or _referred_to(config)


def _draws(init: DictConfig) -> bool:
    """Whether the first picture depends on the seed."""
    target = str(init[TARGET])
    try:
        return get_object(target).random if target.startswith(OWN) else True
    except ImportError:  # the run says so
        return True


def _referred_to(config: DictConfig) -> bool:
    """Whether the value of another setting follows from the seed."""
    before, copy = settings_of(config), config.copy()
    copy.seed += 1
    first, second = ({**identity_part(settings), "seed": None} for settings in (before, settings_of(copy)))
    return first != second
