"""`--help GROUP` has every choice and setting of a group, with its remark."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nst.cli import remarks
from tests.conftest import CONF, Outcome

Command = Callable[..., Outcome]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def help_of(nst: Command) -> Callable[..., str]:
    """The printed help of topics, in one line."""

    def call(*topics: str) -> str:
        outcome = nst("--help", *topics)
        assert (outcome.status, outcome.err) == (0, "")
        assert max(map(len, outcome.out.splitlines())) <= 120
        return words(outcome.out)

    return call


@pytest.mark.parametrize("group", remarks.groups(CONF), ids=lambda group: group.name)
def test_a_group_is_explained_with_all_remarks(group: remarks.Group, help_of: Callable[..., str]) -> None:
    text = help_of(group.name)
    assert text.startswith(f"{group.name}=NAME, one of:")
    for choice in group.choices:
        assert words(choice.about) in text
        for knob in choice.knobs:
            assert f"{knob.name}=" in text
            assert words(knob.remark) in text
    assert not group.default or f"{group.default} (default)" in text


def test_settings_parts_and_several_topics(help_of: Callable[..., str]) -> None:
    assert help_of("size").startswith("size=512 long side in pixels")
    assert help_of("loss.style.weight").startswith("loss.style.weight=8.0 (gram, ")
    assert all(f"output.{name}=" in help_of("output") for name in ("folder", "formats", "bits", "dpi"))
    assert help_of("loss.style") == help_of("loss/style")
    assert [f"{group}=NAME" in help_of("loss") for group in ("loss/style", "loss/content", "optimizer")] == [
        True,
        True,
        False,
    ]
    assert "size=512" in (both := help_of("size", "optimizer"))
    assert "optimizer=NAME" in both
    assert help_of("init.image").startswith("init.image=required (image)")
    assert "blog" in help_of("experiment")


def test_the_choices_of_a_person(nst: Command, tmp_path: Path) -> None:
    (tmp_path / "mine/style").mkdir(parents=True)
    (tmp_path / "mine/style/klimt.yaml").write_text("# The Kiss\n_target_: nst.style.single\nimage: klimt.jpg # mine\n")
    text = words(nst("--help", "style", "--config-dir=mine").out)
    assert all(part in text for part in ("klimt The Kiss", "starry_night (default)", "mine"))


@pytest.mark.parametrize(
    ("topic", "message"),
    [("optimzer", "did you mean 'optimizer'?"), ("iterations", "did you mean 'steps'?"), ("loss.stlye", "loss/style")],
)
def test_an_unknown_topic_gets_the_nearest_one(nst: Command, topic: str, message: str) -> None:
    outcome = nst("--help", topic)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(f"nst: --help {topic}: there is no such group or setting; ")
    assert message in outcome.err


def test_help_with_overrides_is_that_of_the_whole_config(nst: Command) -> None:
    assert "Choices (group=choice):" in nst("--help", "optimizer=adam").out
