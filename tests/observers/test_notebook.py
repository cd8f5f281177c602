"""nst.Notebook; the executed notebook of tests/test_site.py uses it in a real cell."""

import sys

import pytest

from nst import Adam, Features, Gram, Notebook, Objective, Octaves, Style, TotalVariation, Transfer, stylize
from nst.errors import InputError
from nst.extractor.network import Network
from tests.conftest import blobs


@pytest.fixture
def transfer(network: Network) -> Transfer:
    objective = Objective(Features(), Gram(), TotalVariation())
    pictures = blobs(96, 128, 1), [Style(blobs(96, 128, 2))]
    return Transfer(*pictures, network, objective, Adam(), steps=4, pyramid=Octaves((0.5, 1.0), (1.0, 1.0)))


class Cell:
    """Replaces a notebook cell: records everything displayed in it."""

    def __init__(self) -> None:
        self.displayed: list[object] = []

    def __call__(self, thing: object, *, display_id: bool) -> "Cell":
        assert display_id
        self.update(thing)
        return self

    def update(self, thing: object) -> None:
        self.displayed.append(thing)


def test_every_update_shows_progress_and_a_picture(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = Cell()
    monkeypatch.setattr("IPython.display.display", cell)
    stylize(transfer, observers=[Notebook(transfer, every=1e-9)])
    lines, pictures = cell.displayed[::2], cell.displayed[1::2]
    assert len(lines) == len(pictures) == 4
    assert "evaluation 4 of 4, level 2 of 2" in lines[-1].data
    assert all((picture.width, picture.height) == (128, 96) for picture in pictures)
    assert all(picture.data.startswith(b"\xff\xd8") for picture in pictures)  # JPEG


def test_rare_updates_still_show_the_last_evaluation(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = Cell()
    monkeypatch.setattr("IPython.display.display", cell)
    stylize(transfer, observers=[Notebook(transfer, every=1e9)])
    assert ["evaluation 1 of 4" in line.data for line in cell.displayed[::2]] == [True, False]
    assert "evaluation 4 of 4" in cell.displayed[-2].data


def test_without_ipython_the_error_names_the_package_to_install(
    transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    with pytest.raises(InputError, match="pip install ipython"):
        Notebook(transfer)


def test_the_interval_must_be_above_zero(transfer: Transfer) -> None:
    with pytest.raises(InputError, match="every must be above 0"):
        Notebook(transfer, every=0)
