"""`precision=auto` takes bfloat16 only where the hardware multiplies it."""

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
    ("text", "does"),
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
def test_a_processor_is_known_by_its_flags(tmp_path: Path, text: str, does: bool) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert multiplies(tmp_path / "cpuinfo") is does


def test_without_the_file_it_does_not(tmp_path: Path) -> None:
    assert not multiplies(tmp_path / "cpuinfo")


def test_auto_is_one_of_the_others_and_they_are_themselves() -> None:
    assert Precision.auto.resolve() == ("bfloat16" if native() else "float32")
    assert Precision.float32.resolve() == "float32"
    assert Precision.bfloat16.resolve() == "bfloat16"


@pytest.mark.slow
def test_bfloat16_comes_as_near_to_style_and_content() -> None:
    """Three pairs: where both end, by the objective's own terms in float32.

    A run that starts a hair beside another ends some percent beside it in a single term, in float32 too; so the terms
    are compared by their means.
    """
    reached: dict[str, list[list[float]]] = {"float32": [], "bfloat16": []}
    for content, style in (("harbor", "starry_night"), ("astronaut", "mosaic"), ("coffee", "ink")):
        picture = read_image(find(content, fallback=True).path, 192, name=content)
        styles = [Style(read_image(find(style, fallback=True).path, 256, name=style), scale=1.3)]
        judge = evaluation(VGG19Slim().load(precision=Precision.float32), OBJECTIVE, styles)(picture)
        for precision, found in reached.items():
            network = VGG19Slim().load(precision=Precision(precision))
            result = stylize(Transfer(picture, styles, network, OBJECTIVE, LBFGS(), steps=250, pyramid=Octaves()))
            point = judge(tf.constant(result.image))
            terms = [sum(float(value) for value in point.weighted[term].values()) for term in ("style", "content")]
            found.append([float(point.total), *terms])
    whole, half = np.array(reached["float32"]), np.array(reached["bfloat16"])
    np.testing.assert_allclose(half[:, 0], whole[:, 0], rtol=0.03)
    np.testing.assert_allclose((half / whole).mean(axis=0), 1, atol=0.03)
    assert not np.array_equal(half, whole)  # it was another computation
