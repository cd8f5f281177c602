"""`precision=auto` takes bfloat16 only where the hardware multiplies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nst import LBFGS, Features, Gram, Objective, Octaves, Style, TotalVariation, VGG19Slim, image, stylize
from nst.assets import find
from nst.metrics import measure
from nst.precision import Precision, multiplies, native

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
@pytest.mark.parametrize(("content", "style"), [("harbor", "starry_night"), ("astronaut", "mosaic"), ("coffee", "ink")])
def test_bfloat16_costs_nothing_a_person_sees(content: str, style: str) -> None:
    """Where both runs end, judged in float32."""
    picture = image.read(find(content, fallback=True).path, 128, name=content)
    styles = [Style(image.read(find(style, fallback=True).path, 160, name=style), scale=1.2)]
    reached = {}
    for precision in ("float32", "bfloat16"):
        network = VGG19Slim().load(precision=Precision(precision))
        result = stylize(
            picture, styles, extractor=network, objective=OBJECTIVE, optimizer=LBFGS(), steps=150, pyramid=Octaves()
        )
        measured = measure(network, result.image, picture, styles)
        reached[precision] = [measured[name] for name in ("style_distance", "content_distance")]
    assert reached["bfloat16"] == pytest.approx(reached["float32"], rel=0.03)
    assert reached["bfloat16"] != reached["float32"]  # it was another computation
