"""Damaged run folders: the same command ends done, with the same pixels; nothing outside of the folder changes."""

import hashlib
import io
import itertools
import os
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig

from nst import repeat
from nst.image.io import read_image
from nst.report import __main__ as report
from nst.runner.request import Request
from nst.runner.run import run
from nst.runtime import signals
from tests.conftest import Held
from tests.test_config import load

pytestmark = pytest.mark.slow

OPTIONS = [
    *("extractor=vgg19_slim", "metrics.network=own", "size=40", "steps=6", "pyramid=single"),
    *("observers.snapshots.every=4", "observers.console=null", "output.formats=[jpg]"),
]
EVERY_REPORT, EVERY_REPEAT = 4, 10  # cases for each report and each repeat; both are slower than a run
Damage = Callable[[Path, Path, np.random.Generator], None]


def empty(path: Path, *_: Any) -> None:
    path.write_bytes(b"")


def missing(path: Path, *_: Any) -> None:
    path.unlink()


def cut_short(path: Path, _: Path, rng: np.random.Generator) -> None:
    os.truncate(path, int(rng.integers(path.stat().st_size + 1)))


def bits_flipped(path: Path, _: Path, rng: np.random.Generator) -> None:
    data = bytearray(path.read_bytes())
    for place in rng.integers(len(data), size=rng.integers(1, 9)) if data else ():
        data[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)


def noise(path: Path, _: Path, rng: np.random.Generator) -> None:
    path.write_bytes(rng.bytes(2000))


def a_folder(path: Path, *_: Any) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine.txt").write_text("mine")


def a_link(path: Path, outside: Path, _: np.random.Generator) -> None:
    path.replace(outside / path.name)
    path.symlink_to(outside / path.name)


def a_dangling_link(path: Path, outside: Path, _: np.random.Generator) -> None:
    path.unlink()
    path.symlink_to(outside / "nowhere")


def a_pipe(path: Path, *_: Any) -> None:
    path.unlink()
    os.mkfifo(path)


def huge(path: Path, *_: Any) -> None:
    """More data than there is memory, as far as the file declares it; 1 GiB without content otherwise."""
    if path.suffix == ".npz":
        path.write_bytes(bomb())
    elif path.name.startswith("events."):
        path.write_bytes(struct.pack("<QI", 2**42, 0) + path.read_bytes()[12:])
    else:
        os.truncate(path, 2**30)


DAMAGES: list[Damage] = [
    *(missing, empty, cut_short, bits_flipped, bits_flipped, noise),
    *(a_folder, a_link, a_dangling_link, a_pipe, huge),
]


def bomb() -> bytes:
    """A small file of compressed zeros in which every array declares 4 GiB."""
    out, head = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (2**30,)})
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("header", "image", "gradient", "total", "state/0"):
            file.writestr(f"{name}.npy", head.getvalue() + bytes(2**24))
    return out.getvalue()


@pytest.fixture(scope="module")
def config(pictures: Path) -> DictConfig:
    return load(f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}", *OPTIONS)


@pytest.fixture(scope="module")
def whole(config: DictConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert run(Request(config, folder))["status"] == "done"
    return folder


@pytest.fixture(scope="module")
def interrupted(config: DictConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was interrupted after half of its steps."""
    folder, calls = tmp_path_factory.mktemp("interrupted") / "run", itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals.Interrupt, "__call__", lambda _: next(calls) >= 3)
        assert run(Request(config, folder))["status"] == "interrupted"
    assert (folder / "checkpoint.npz").is_file()
    return folder


def contents(folder: Path) -> dict[str, str]:
    """The files below a folder and their checksums."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def cases(folder: Path, seed: int) -> Iterator[tuple[str, Damage, np.random.Generator]]:
    """Each file of a run folder with each kind of damage."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    for number, (name, damage) in enumerate(itertools.product(names, DAMAGES)):
        yield name, damage, np.random.default_rng([seed, number])


def attacked(original: Path, config: DictConfig, expected: np.ndarray, capfd: pytest.CaptureFixture[str]) -> int:
    """Damage every file in every way, then report, repeat and run again; return the number of cases."""
    count = 0
    for name, damage, rng in cases(original, 20):
        shutil.rmtree("case", ignore_errors=True)
        folder, outside = Path("case/runs/run"), Path("case/outside")
        shutil.copytree(original, folder)
        outside.mkdir()
        (outside / "mine.txt").write_text("mine")
        damage(folder / name, outside, rng)
        before, where = contents(outside), f"{name}, {damage.__name__}"
        if count % EVERY_REPORT == 0:
            assert report.main([str(folder.parent), "--out", "case/report"]) in (0, 2), where
        if count % EVERY_REPEAT == 0:
            assert repeat.main([str(folder), "output.folder=case/repeated"]) in (0, 2), where
        assert run(Request(config, folder))["status"] == "done", where
        np.testing.assert_array_equal(read_image(folder / "result.png"), expected, err_msg=where)
        assert contents(outside) == before, where
        assert len(list(folder.rglob("mine.txt"))) == (damage is a_folder), where
        captured = capfd.readouterr()
        assert "Traceback" not in captured.out + captured.err, where
        count += 1
    return count


@pytest.mark.parametrize("kind", ["whole", "interrupted"])
def test_a_damaged_run_folder_does_no_harm_and_its_run_ends_done(
    kind: str,
    request: pytest.FixtureRequest,
    whole: Path,
    config: DictConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    held: Held,
) -> None:
    monkeypatch.chdir(tmp_path)
    count = attacked(request.getfixturevalue(kind), config, read_image(whole / "result.png"), capfd)
    held(f"{count} damaged files ({kind} run): all held")
    assert count > 100
