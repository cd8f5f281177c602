"""`precision=auto` uses bfloat16 only if the hardware multiplies it natively."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from nst import LBFGS, Features, Gram, Objective, Octaves, Style, TotalVariation, Transfer, VGG19Slim, stylize
from nst.assets.find import find
from nst.image.io import read_image
from nst.runtime.precision import Precision, multiplies, native
from nst.transfer.evaluate import evaluation

OBJECTIVE = Objective(content=Features(), style=Gram(), smooth=TotalVariation())


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_bf16\n" * 2, True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("flags\t\t: avx512_bf16\nflags\t\t: avx2\n", False),
        ("flags\t\t: not_avx512_bf16_at_all\n", False),
        ("Features\t: asimd bf16\n", False),
        ("", False),
    ],
)
def test_the_processors_flags_show_bfloat16_support(tmp_path: Path, text: str, supported: bool) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert multiplies(tmp_path / "cpuinfo") is supported


def test_without_processor_flags_bfloat16_is_not_supported(tmp_path: Path) -> None:
    assert not multiplies(tmp_path / "cpuinfo")


def test_auto_resolves_to_the_native_precision_and_others_to_themselves() -> None:
    assert Precision.auto.resolve() == ("bfloat16" if native() else "float32")
    assert Precision.float32.resolve() == "float32"
    assert Precision.bfloat16.resolve() == "bfloat16"


@pytest.mark.slow
def test_bfloat16_reaches_the_losses_of_float32() -> None:
    """Compare the final losses of both precisions on three pairs, evaluated in float32.

    Even in float32, a tiny change of the start changes a single final term by a few percent. So the test compares the
    means of the terms.
    """
    reached: dict[str, list[list[float]]] = {"float32": [], "bfloat16": []}
    for content, style in (("harbor", "starry_night"), ("astronaut", "mosaic"), ("coffee", "ink")):
        picture = read_image(find(content, fallback=True).path, 192, name=content)
        styles = [Style(read_image(find(style, fallback=True).path, 256, name=style), scale=1.3)]
        evaluate = evaluation(VGG19Slim().load(precision=Precision.float32), OBJECTIVE, styles)(picture)
        for precision, found in reached.items():
            network = VGG19Slim().load(precision=Precision(precision))
            result = stylize(Transfer(picture, styles, network, OBJECTIVE, LBFGS(), steps=250, pyramid=Octaves()))
            point = evaluate(tf.constant(result.image))
            terms = [sum(float(value) for value in point.weighted[term].values()) for term in ("style", "content")]
            found.append([float(point.total), *terms])
    full, half = np.array(reached["float32"]), np.array(reached["bfloat16"])
    np.testing.assert_allclose(half[:, 0], full[:, 0], rtol=0.03)
    np.testing.assert_allclose((half / full).mean(axis=0), 1, atol=0.03)
    assert not np.array_equal(half, full)  # the computations differ
