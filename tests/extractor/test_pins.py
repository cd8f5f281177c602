"""Pins: choices of a sweep, also by several processes at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest

from nst.assets.cache import sha256
from nst.extractor.imagenet import Weights
from nst.extractor.pins import SINGLE, Pins
from tests.conftest import ROOT


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    path = tmp_path / "w.bin"
    path.write_bytes(b"weights")
    return Weights("vgg19", path, sha256(path), "a test", "none")


def test_a_single_run_stores_no_choice(weights: Weights) -> None:
    assert SINGLE.weights("a", lambda: weights) is weights
    assert SINGLE.weights("a", lambda: None) is None


def test_the_first_choice_is_kept(weights: Weights, tmp_path: Path) -> None:
    pins = Pins(tmp_path / "sweep")
    assert pins.weights("a", lambda: weights) == weights
    assert pins.weights("a", lambda: pytest.fail("chosen a second time")) == weights
    assert pins.weights("b", lambda: None) is None
    assert pins.weights("b", lambda: weights) is None
    pins.replace("b", weights)
    assert pins.weights("b", lambda: None) == weights


def test_a_later_process_takes_the_first_choice(weights: Weights, tmp_path: Path) -> None:
    """Even if the first choice is None, made while the other process was still choosing."""
    pins = Pins(tmp_path / "sweep")

    def slow() -> Weights:
        assert Pins(tmp_path / "sweep").weights("a", lambda: None) is None
        return weights

    assert pins.weights("a", slow) is None


def test_a_failed_choice_is_not_stored(weights: Weights, tmp_path: Path) -> None:
    pins = Pins(tmp_path / "sweep")
    with pytest.raises(ZeroDivisionError):
        pins.weights("a", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert pins.weights("a", lambda: weights) == weights


def test_simultaneous_processes_make_the_same_choice(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from nst.extractor.imagenet import Weights; from nst.extractor.pins import Pins\n"
        "from nst.assets.cache import sha256\n"
        f"path = Path({str(tmp_path)!r}) / sys.argv[1]; path.write_text(sys.argv[1])\n"
        f"pins = Pins(Path({str(tmp_path)!r}) / 'sweep')\n"
        "chosen = pins.weights('a', lambda: Weights('vgg19', path, sha256(path)))\n"
        "assert chosen; print(chosen.path.name)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(k)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for k in range(6)
    ]
    assert len({process.communicate()[0] for process in processes}) == 1
    assert [path.name for path in (tmp_path / "sweep").iterdir()] == [".a-weights.json"]
