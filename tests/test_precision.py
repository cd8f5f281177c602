"""`precision=auto` takes bfloat16 only where the hardware multiplies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nst.precision import Precision, multiplies, native


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
