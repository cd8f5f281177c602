"""The readers that scripts/fuzz.py attacks: bytes -> the public function that reads such a file.

Modules of nst are imported in the constructors, where atheris instruments them.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

SIDE = 32  # pixels


class Reader(Protocol):
    """Contract: a reader under attack."""

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with."""
        ...

    def prepare(self, folder: Path) -> None:
        """Use `folder`, which is empty, for files; called first."""
        ...

    def read(self, data: bytes) -> object:
        """Read one input; raise nothing but InputError."""
        ...


class Pictures:
    """Pictures of every format, as content, as result and as alpha."""

    def __init__(self) -> None:
        from PIL import PngImagePlugin

        from nst.image import io as image

        self._image = image
        # The checksum of a chunk would stop nearly every input; Pillow reads it and compares.
        PngImagePlugin.ChunkStream.crc = lambda self, cid, data: self.fp and self.fp.read(4)

    def seeds(self) -> list[bytes]:
        """One picture of every format and mode."""
        from tests.attacks.mutate import seeds

        return list(seeds().values())

    def prepare(self, folder: Path) -> None:
        """Choose the file."""
        self._path = folder / "picture"

    def read(self, data: bytes) -> None:
        """Read the picture in every way."""
        self._path.write_bytes(data)
        self._image.read_alpha(self._path, SIDE, SIDE)
        self._image.read_image(self._path, 2 * SIDE)
        self._image.read_result(self._path)


class Texts:
    """Recipes inside pictures of every format: found, unpacked, and read as by `nst.show`."""

    def __init__(self) -> None:
        from PIL import PngImagePlugin

        from nst.cli import configs, recipe

        configs.register()
        self._recipe = recipe
        PngImagePlugin.ChunkStream.crc = lambda self, cid, data: self.fp and self.fp.read(4)

    def seeds(self) -> list[bytes]:
        """A picture of each format that nst writes, with a recipe."""
        from tests.attacks.mutate import seeds

        return [data for name, data in seeds().items() if name.startswith("recipe.")]

    def prepare(self, folder: Path) -> None:
        """Choose the file."""
        self._path = folder / "picture"

    def read(self, data: bytes) -> None:
        """Read the recipe."""
        self._path.write_bytes(data)
        self._recipe.read(self._path)


class Commands:
    """Overrides in the record of a sweep."""

    def __init__(self) -> None:
        from nst.cli import configs, sweep_command
        from nst.cli.config_files import ConfigFiles

        configs.register()
        self._check, self._files = sweep_command.check, ConfigFiles()

    def seeds(self) -> list[bytes]:
        """Overrides of every kind."""
        given = ("size=64", "style=ink,mosaic", "ablate=['init=noise']", "hydra.launcher.n_jobs=2", "~loss/smooth")
        return [text.encode() for text in (*given, "hydra.sweeper.params.size='choice(32,64)'", "a={b:[1,'c']}")]

    def prepare(self, folder: Path) -> None:
        """Do nothing: it needs no file."""

    def read(self, data: bytes) -> None:
        """Check an override."""
        self._check(data.decode("utf-8", "replace"), self._files)


class Recipes:
    """config.yaml, result.json and overrides.yaml of a run folder, separated by null bytes."""

    def __init__(self) -> None:
        from nst.cli import configs, recipe
        from nst.report import runs

        configs.register()
        self._recipe, self._runs = recipe, runs

    def seeds(self) -> list[bytes]:
        """A run folder with settings, a record and overrides; the same in YAML's other notations."""
        config = "size: 64\nsteps: 3\nseed: 0\ncontent: {_target_: nst.content.Content, image: cat, mask: null}\n"
        record = {"status": "done", "identity": "0", "choices": {"optimizer": "adam"}, "metrics": {"ssim": 0.5}}
        record |= {"provenance": {"pictures": {"content": {"path": "a.png", "sha256": "0", "name": "a"}}}}
        parts = [config, json.dumps(record), "- size=64\n- 'loss.style.weight=3'\n"]
        aliases = "a: &a [1, 2]\nb: *a\n<<: {c: !!str 1}\nd: |\n  text\n"
        return ["\0".join(parts).encode(), "\0".join([aliases, "{}", "[]"]).encode()]

    def prepare(self, folder: Path) -> None:
        """Choose the run folder."""
        self._folder = folder

    def read(self, data: bytes) -> None:
        """Read the folder for a report, and compose its recipe."""
        parts = [*data.split(b"\0", 2), b"", b""]
        for name, part in zip(("config.yaml", "result.json", "overrides.yaml"), parts, strict=False):
            (self._folder / name).write_bytes(part)
        self._runs.find([self._folder])
        self._recipe.compose_recipe(self._recipe.read(self._folder).config)


class Checkpoints:
    """checkpoint.npz of a run, with any content."""

    def __init__(self) -> None:
        import zipfile

        import numpy as np

        from nst.optimizer.adam import Adam
        from nst.runner import checkpoint
        from nst.state import Iterate, Level, LevelState, Point, Progress

        zipfile.ZipExtFile._update_crc = lambda *_: None  # it would stop nearly every input
        self._checkpoint, self._optimizer = checkpoint, Adam()
        self._levels = [Level(SIDE, SIDE, 9)]
        self._about = {"identity": "x", "origin": dict.fromkeys(checkpoint.ORIGIN, "")}
        image = np.zeros([1, SIDE, SIDE, 3], np.float32)
        terms: dict[str, dict[str, Any]] = {"style": {"block1_conv1": np.float32(1)}}
        point = Point(image, np.float32(1), image, terms, terms)
        state = LevelState(point, self._optimizer.init(image), 3, Progress(2.0, 1.0, 3), False)
        self._iterate = Iterate(0, 3, 1.0, 3.0, state)

    def seeds(self) -> list[bytes]:
        """A checkpoint, uncompressed and compressed."""
        import numpy as np

        self._checkpoint.save(self._path, self._iterate, self._about)
        packed = io.BytesIO()
        with np.load(self._path) as file:
            np.savez_compressed(packed, **{name: file[name] for name in file.files})
        return [self._path.read_bytes(), packed.getvalue()]

    def prepare(self, folder: Path) -> None:
        """Choose the run folder."""
        self._path = folder / self._checkpoint.FILE

    def read(self, data: bytes) -> None:
        """Read the identity, then the whole checkpoint, which is set aside if it cannot be used."""
        for left in self._path.parent.iterdir():
            left.unlink()
        self._path.write_bytes(data)
        self._checkpoint.identity(self._path.parent)
        self._checkpoint.load(self._path.parent, "x", self._about["origin"], self._optimizer, self._levels)


class Watches:
    """progress.json and history.csv of a run that is watched, separated by a null byte."""

    def __init__(self) -> None:
        from nst.dashboard import watched

        self._watched = watched

    def seeds(self) -> list[bytes]:
        """The files of a run at its second level."""
        progress = {"level": 1, "levels": 2, "size": [48, 64], "evaluation": 3, "steps": 9, "done": 0.25, "loss": 1.5}
        progress |= {"seconds": 0.75, "seconds_per_evaluation": 0.25, "seconds_left": None}
        head = "level,evaluation,seconds,gradient_norm,loss/total,loss/style/block1_conv1\n"
        rows = "".join(f"0,{step},{step / 4},1.0,{9 / step},{8 / step}\n" for step in range(1, 4))
        return [f"{json.dumps(progress)}\0{head}{rows}".encode(), b"{}\0"]

    def prepare(self, folder: Path) -> None:
        """Make the run folder."""
        self._folder = folder
        for name in ("config.yaml", "overrides.yaml"):
            (folder / name).write_text("")

    def read(self, data: bytes) -> None:
        """Read the folder as at the first look of a watch, and write what the page gets."""
        for name, part in zip(("progress.json", "history.csv"), [*data.split(b"\0", 1), b""], strict=False):
            (self._folder / name).write_bytes(part)
        run = self._watched.Watched(self._folder, "run", new=True)
        run.poll()
        json.dumps(run.view, allow_nan=False)


READERS: dict[str, Callable[[], Reader]] = {
    "pictures": Pictures,
    "texts": Texts,
    "recipes": Recipes,
    "commands": Commands,
    "checkpoints": Checkpoints,
    "watches": Watches,
}
