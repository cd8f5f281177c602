"""Words of other implementations lead to settings and choices that exist, in one line."""

from collections.abc import Callable

import pytest
from omegaconf import OmegaConf

from nst.cli import other_words
from nst.cli.configs import conf_dir
from nst.cli.unknown_keys import _having
from nst.runner.schema import Config
from tests.conftest import CONF, Outcome

Command = Callable[..., Outcome]

LINES = {
    "style.weight=100": "'style.weight' is unknown; did you mean 'loss.style.weight'?",
    "content_weight=1": "'content_weight' is unknown; did you mean 'loss.content.weight'?",
    "tv_weight=1": "'tv_weight' is unknown; did you mean 'loss.smooth.weight'?",
    "iterations=500": "'iterations' is unknown; did you mean 'steps'?",
    "image_size=256": "'image_size' is unknown; did you mean 'size'?",
    "style_image=a.jpg": "'style_image' is unknown; did you mean 'style.image'?",
    "layers=[a]": "'layers' is unknown; did you mean 'loss.style.layers' or 'loss.content.layers'?",
    "lr=1": "'lr' is unknown; did you mean 'optimizer.learning_rate', of optimizer=adam and optimizer=sgd?",
    "model=vgg19": "'model' is unknown; did you mean 'extractor'?",
    "preserve_color=true": "'preserve_color' is unknown; did you mean 'color=luminance' or 'color=histogram'?",
    "style.images=[a,b]": "'style.images' is unknown; style=blend has it",
    "color=keep": "there is no color=keep; did you mean color=luminance or color=histogram?",
    "init=random": "there is no init=random; did you mean init=noise?",
    "optimizer=Adam": "there is no optimizer=Adam; did you mean 'adam'?",
    "optimizer=L-BFGS": "there is no optimizer=L-BFGS; did you mean optimizer=lbfgs?",
    "extractor=VGG": "there is no extractor=VGG; did you mean extractor=vgg19?",
    "content=me.jpg": "there is no content=me.jpg; for your own picture use content.image=me.jpg",
    "style.image=[a,b]": "style.image takes one picture; for several write style=blend 'style.images=[a,b]'",
    "content.image=[a,b]": "content.image takes one picture; -m content.image=a,b makes a run of each",
    "style.image=a,b": "'style.images=[a,b]' with style=blend",
    "output=x.png": "'output' must contain settings, not x.png: write output.folder=..., output.formats=...",
    "loss=gram": "'loss' has groups of its own; write loss/style=gram",
    "loss.style=gram": "'loss.style' must be a choice of its group, like loss/style=gram; --help loss/style lists them",
    "me.jpg": "'me.jpg' is not an override; for your own picture write content.image=me.jpg or style.image=...",
    "--style-weight=5": "there is no option --style-weight; settings have no dashes: write loss.style.weight=...",
    "--size=64": "there is no option --size; settings have no dashes: write size=...",
}


@pytest.mark.parametrize(("argument", "line"), LINES.items())
def test_a_word_of_another_implementation_gets_the_right_one(nst: Command, argument: str, line: str) -> None:
    outcome = nst(argument)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert line in outcome.err


def exists(pointer: str) -> bool:
    """Whether a setting or an override is one of nst."""
    key, choice, name = pointer.partition("=")
    if choice:
        return (CONF / key / f"{name}.yaml").is_file()
    config = OmegaConf.load(CONF / "config.yaml")
    group = (CONF / key).is_dir() and key in Config.__dataclass_fields__
    return group or OmegaConf.select(config, key, default="none") != "none" or bool(_having(key)) or _observed(key)


def _observed(key: str) -> bool:
    top, _, rest = key.partition(".")
    return top == "observers" and OmegaConf.select(OmegaConf.load(CONF / "observers/full.yaml"), rest) is not None


@pytest.mark.parametrize("pointer", sorted({word for to in other_words.SETTINGS for word in to.split()}))
def test_every_setting_that_is_pointed_to_exists(pointer: str) -> None:
    assert exists(pointer)


@pytest.mark.parametrize("pointer", sorted({word for to in other_words.CHOICES for word in to.split()}))
def test_every_choice_that_is_pointed_to_exists_and_is_no_other_word(pointer: str) -> None:
    assert exists(pointer)
    group, _, name = pointer.partition("=")
    assert not other_words.choice(group, name), "a choice leads to itself"


def test_a_pointer_to_nothing_would_be_found() -> None:
    assert not any(map(exists, ("loss.style.wait", "color=keep", "optimzer")))
    assert conf_dir() == str(CONF)


def test_no_word_has_two_meanings() -> None:
    words = [word for words in other_words.SETTINGS.values() for word in words.split()]
    assert sorted(words) == sorted(set(words))
