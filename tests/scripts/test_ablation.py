"""The page of an ablation: its table is that of the report, its pictures are those of the runs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import ablation
from nst.errors import InputError
from tests.conftest import CONF, Outcome
from tests.test_config import load


def test_the_table_is_replaced_and_the_pictures_are_in_order(
    nst: Callable[..., Outcome], tiny_suite: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "PAIRS", ("near", "far"))
    page, pictures = Path("ablation.md"), Path("ablation.jpg")
    nst(*tiny_suite, "ablate=['color=luminance']", "sweep_dir=swept", "steps=1", "observers=quiet")
    for _ in range(2):
        ablation.write(Path("swept"), page, pictures)
        table = Path("swept/report/comparison.md").read_text().split()  # the page wraps its caption
        assert " ".join(page.read_text().split()).count(" ".join(table)) == 1
        page.write_text(f"{page.read_text()}\nMy own words.\n")
    assert page.read_text().count("My own words.") == 2
    with Image.open(pictures) as sheet:
        assert sheet.width > 2 * 240
    monkeypatch.setattr(ablation, "PAIRS", ("none",))
    with pytest.raises(InputError, match="no finished run of the pair none"):
        ablation.write(Path("swept"), page, pictures)


def test_the_pairs_are_in_the_suite_of_the_sweep() -> None:
    assert (CONF / "sweep/ablation.yaml").is_file()
    assert set(ablation.PAIRS) <= set(load("sweep=ablation").pairs)
