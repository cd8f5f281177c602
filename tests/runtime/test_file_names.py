"""Names of run folders, compared with Python's own account of Windows' rules."""

import ntpath
import random
import sys
from pathlib import Path, PureWindowsPath

import pytest
from omegaconf import OmegaConf

from nst.cli import naming
from nst.errors import InputError
from nst.runtime import file_names, system

DEVICES = ["CON", "PRN", "AUX", "NUL", *(f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789¹²³")]
FORBIDDEN = '<>:"/\\|?*\0\n\x1f'
PARTS = [
    *DEVICES,
    *map(str.lower, DEVICES),
    *FORBIDDEN,
    ".",
    " ",
    "..",
    "a",
    "Ä",
    "星",
    "😀",
    "seed=1",
    ",",
    "-",
    "x" * 90,
]


def reserved(name: str) -> bool:
    if sys.version_info >= (3, 13):
        return ntpath.isreserved(name)
    return PureWindowsPath(name).is_reserved()


def usable(name: str) -> bool:
    """Whether Windows keeps the name as it is."""
    one = PureWindowsPath(name).parts == (name,)
    return one and not set(FORBIDDEN) & set(name) and not reserved(name) and not name.endswith((".", " "))


def texts(count: int) -> list[str]:
    draw = random.Random(7)  # noqa: S311
    return PARTS + ["".join(draw.choices(PARTS, k=draw.randint(2, 5))) for _ in range(count)]


@pytest.mark.parametrize("caseless", [False, True])
def test_every_name_of_a_run_folder_is_usable_on_windows(caseless: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "CASELESS", caseless)
    for most in (naming.LONGEST, file_names.SHORTEST):
        names = {text: naming.folder_name(text, most=most) for text in texts(2000)}
        assert not [name for name in names.values() if not usable(name) or len(name.encode()) > most]
        different = {name.lower() if caseless else name for name in names.values()}
        assert len(different) == len(names)


def test_run_names_of_overrides_and_labels_are_usable_on_windows() -> None:
    for text in texts(500):
        assert usable(naming.run_name(f"content.image={text},seed=1"))
        assert usable(naming.run_name(text))
        assert usable(f"x_{naming._cut(naming._clean(text), 40).rstrip('-.')}")


def test_the_rules_are_those_of_windows() -> None:
    for text in texts(2000):
        assert bool(file_names.problem(text)) != usable(text), text


def test_a_path_of_windows_gives_the_name_of_its_file() -> None:
    assert naming.run_name(r"content.image=C:\Users\me\klimt.png,seed=1").startswith("content.image=klimt.png,seed=1-")


def test_names_that_differ_only_in_case_are_different_where_they_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for caseless in (False, True):
        monkeypatch.setattr(system, "CASELESS", caseless)
        upper, lower = (naming.run_name(f"pair={name}") for name in ("A", "a"))
        assert upper.lower() != lower.lower() if caseless else (upper, lower) == ("pair=A", "pair=a")
        assert lower == "pair=a"


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("outputs/NUL", "'NUL' is the name of a device"),
        ("outputs/aux.1/run", "'aux' is the name of a device"),
        ("a:b/run", "':' is not allowed"),
        ("outputs/run.", "cannot end with a dot or a space"),
        (f"outputs/{'x' * 180}", "at most 178 on Windows; choose a shorter output.folder"),
    ],
)
def test_a_folder_that_windows_cannot_have_is_refused_there(
    folder: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir("/")
    file_names.check_folder(Path(folder))
    monkeypatch.setattr(system, "WINDOWS", True)
    file_names.check_folder(Path("outputs/2026-11-30_03-43-04-130225_harbor_starry_night"))
    with pytest.raises(InputError, match=message) as caught:
        file_names.check_folder(Path(folder))
    assert "\n" not in str(caught.value)


def test_on_windows_the_longest_file_of_a_run_fits_into_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "WINDOWS", True)
    long = "style.weight=" + "1" * 90
    for length in range(1, 250, 3):
        sweep = Path("/" + "s" * length)
        config = {"hydra": {"sweep": {"dir": str(sweep)}}}
        try:
            most = naming.longest(OmegaConf.create(config))
        except InputError:
            assert length > 259 - file_names.LONGEST_FILE - 1 - file_names.SHORTEST - 2 - 1
            continue
        run = sweep / naming.folder_name(long, most=most)
        file_names.check_folder(run)
        assert len(str(run)) + 1 + file_names.LONGEST_FILE <= file_names.LONGEST_PATH
