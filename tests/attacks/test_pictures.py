"""Attacks with pictures: damaged, of other formats under pictures' names, and files that are not regular."""

import json
import random
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image, PngImagePlugin

from nst import repeat, show
from nst.errors import InputError
from nst.image.io import read_alpha, read_image, read_result, read_texts
from nst.report.write import report
from nst.runner.record import RECIPE
from tests.attacks.disguises import DISGUISES
from tests.attacks.mutate import mutated, seeds
from tests.conftest import Held, Outcome
from tests.runtime.test_regular import SPECIAL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Command = Callable[..., Outcome]
COUNT = 3000
SECONDS, MIB = 10.0, 1500  # bounds for one picture
READERS: list[Callable[[Path], object]] = [
    lambda path: read_image(path, 64),
    read_result,
    lambda path: read_alpha(path, 40, 48),
    lambda path: read_texts(path, RECIPE),
]
KEYS = {
    "content": ["content.image={}"],
    "mask": ["content.mask={}"],
    "style": ["style.image={}"],
    "styles": ["style=blend", "style.images=[mosaic,{}]"],
    "style masks": ["style=blend", "style.images=[mosaic,harbor]", "style.masks=[{},{}]"],
    "color-coded mask": ["style=blend", "style.images=[mosaic,harbor]", "style.masks={}"],
    "init": ["init=image", "init.image={}"],
    "weights": ["extractor=vgg19", "extractor.weights={}"],
}

PICTURE_KEYS = [key for key in KEYS if key != "weights"]


def peak() -> float:
    """The peak memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def outcome_of(read: Callable[[Path], object], path: Path) -> str:
    """`read` or `refused`; fails for anything else."""
    try:
        found = read(path)
    except InputError as error:
        assert str(error).isprintable(), f"not one line: {error!r}"
        return "refused"
    assert found is None or isinstance(found, np.ndarray | dict)
    return "read"


def test_mutated_pictures(tmp_path: Path, capfd: pytest.CaptureFixture[str], held: Held) -> None:
    rng, pictures = random.Random(20), seeds()
    for name, data in pictures.items():
        (tmp_path / name).write_bytes(data)
        assert read_image(tmp_path / name, 64).shape[0] == 1, f"{name} itself is not read"
    names, others, counts, longest = list(pictures), list(pictures.values()), Counter(), 0.0
    before = peak()
    capfd.readouterr()
    for index in range(COUNT):
        path = tmp_path / f"me{Path(name := names[index % len(names)]).suffix}"
        path.write_bytes(mutated(pictures[name], others, rng))
        for read in READERS:
            began = time.monotonic()
            counts[outcome_of(read, path)] += 1
            longest = max(longest, time.monotonic() - began)
        assert longest < SECONDS, f"picture {index}, {name}: {longest:.0f} s"
        assert peak() < before + MIB, f"picture {index}, {name}: {peak():.0f} MiB"
        assert capfd.readouterr().err == "", f"picture {index}, {name}, is printed about"
    assert min(counts.values()) > COUNT / 10, "the damage is too small or too large to test anything"
    held(
        f"{COUNT} mutated pictures: all held ({counts['read']} readings, {counts['refused']} refusals, "
        f"at most {longest:.1f} s, {peak() - before:.0f} MiB more)"
    )


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The programs that are started."""
    commands: list[object] = []
    popen = subprocess.Popen.__init__

    def noted(self: subprocess.Popen[bytes], command: object, *arguments: object, **options: object) -> None:
        commands.append(command)
        popen(self, command, *arguments, **options)  # pyright: ignore[reportArgumentType, reportCallIssue]

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    return commands


def test_other_formats_under_names_of_pictures(nst: Command, tmp_path: Path, started: list[object], held: Held) -> None:
    count = 0
    for name, content in DISGUISES.items():
        (tmp_path / "me.jpg").write_bytes(content)
        for key in PICTURE_KEYS if name.startswith("PostScript that") else ("content",):
            outcome = nst(*(part.format("me.jpg", "me.jpg") for part in KEYS[key]))
            assert (outcome.status, outcome.err.count("\n")) == (2, 1), outcome.err
            count += 1
        assert repeat.main(["me.jpg"]) == show.main(["me.jpg"]) == 2
        assert reported(tmp_path / "runs", content) == 0
        count += 3
    assert not [command for command in started if "git" not in str(command)]
    assert not (tmp_path / "w").exists()
    held(f"{count} files of other formats under names of pictures: all held")


def reported(runs: Path, picture: bytes) -> int:
    """Report a run with this result and this content picture; return the number of pictures in the report."""
    folder = runs / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.png").write_bytes(picture)
    write_record(folder, folder / "result.png")
    report([runs], runs / "out")
    return len(list((runs / "out" / "pictures").iterdir()))


def write_record(folder: Path, picture: Path) -> None:
    """Write the record of a run with this content picture."""
    entry = {"name": "me", "path": str(picture), "sha256": "0" * 64, "credit": ""}
    record = {"status": "done", "metrics": {}, "provenance": {"pictures": {"content": entry}}}
    (folder / "result.json").write_text(json.dumps(record))
    (folder / "config.yaml").write_text("{}")
    (folder / "overrides.yaml").write_text("[]")


@pytest.fixture
def special(nst: Command, tmp_path: Path) -> Iterator[dict[str, Path]]:
    """{kind: a file that is not regular, or too large}, in the working directory."""
    made = {"device": Path("/dev/zero")}
    for kind, (make, _) in SPECIAL.items():
        made[kind] = tmp_path / f"{kind.replace(' ', '-')}.png"
        make(made[kind].relative_to(tmp_path))
    (tmp_path / "link.png").symlink_to(made["pipe"])
    yield made | {"link to a pipe": tmp_path / "link.png"}


def test_devices_pipes_sockets_and_folders_under_every_key(nst: Command, special: dict[str, Path], held: Held) -> None:
    count = 0
    for key, arguments in KEYS.items():
        for kind, path in special.items():
            began = time.monotonic()
            outcome = nst(*(argument.format(path, path) for argument in arguments))
            assert (outcome.status, outcome.err.count("\n")) == (2, 1), f"{key}, {kind}: {outcome.err}"
            assert str(path) in outcome.err
            assert time.monotonic() - began < SECONDS, f"{key}, {kind}"
            count += 1
    held(f"{count} files that are not regular under {len(KEYS)} keys: all held")


def test_devices_pipes_sockets_and_folders_in_recipes_and_records(
    nst: Command, special: dict[str, Path], tmp_path: Path, held: Held
) -> None:
    count = 0
    for kind, path in special.items():
        for recipe in ({"content": {"image": path}}, {"style": {"image": path}}, {"init": {"image": path}}):
            (group,) = recipe
            config = targets()[group] | {"image": str(path)}
            recipe_png(tmp_path / "recipe.png", {group: config})
            assert repeat.main(["recipe.png"]) == 2, f"{group}, {kind}"
            count += 1
        if kind != "folder":
            assert repeat.main([str(path)]) == show.main([str(path)]) == 2, kind
        runs = tmp_path / f"runs-{count}"
        (runs / "run").mkdir(parents=True)
        write_record(runs / "run", path)
        began = time.monotonic()
        report([runs], runs / "out")
        assert time.monotonic() - began < SECONDS, kind
        assert not list((runs / "out" / "pictures").iterdir())
        count += 2
    held(f"{count} recipes and records that name files that are not regular: all held")


def targets() -> dict[str, dict[str, object]]:
    return {
        "content": {"_target_": "nst.content.Content", "mask": None},
        "style": {"_target_": "nst.style.single", "scale": 1.0, "aspect": "own"},
        "init": {"_target_": "nst.init.Picture"},
    }


def recipe_png(path: Path, config: dict[str, object]) -> None:
    """Write a picture with a recipe inside."""
    text = PngImagePlugin.PngInfo()
    text.add_text("nst.config", yaml.safe_dump(config))
    Image.new("RGB", (64, 64)).save(path, pnginfo=text)
