"""snapshots/: pictures during a run, as PNG files."""

import os

import numpy as np

from nst.errors import check_count
from nst.image.io import reduced, write_image
from nst.observers.contract import Every, Observer, RunContext
from nst.runtime.atomic import remove_left
from nst.runtime.own_files import is_folder, set_aside
from nst.state import Iterate


class Snapshots(Observer):
    """Writes snapshots/<evaluation>.png, in place of an earlier run's.

    Args:
        every: evaluations between pictures; 0 writes none.
        side: long side of the files in pixels, at most; larger pictures are reduced. At least 1.

    Raises:
        InputError: a value is too small.
    """

    def __init__(self, every: int = 0, side: int = 2048) -> None:
        self.every = check_count("observers.snapshots.every", every)
        self.side = check_count("observers.snapshots.side", side, at_least=1)

    def open(self, run: RunContext) -> None:
        """Make the folder and delete an earlier run's pictures; a resumed run keeps those up to its checkpoint."""
        self._run, self._folder, self._due = run, run.folder / "snapshots", Every(self.every, run.resumed)
        if not self.every:
            return
        if os.path.lexists(self._folder) and not is_folder(self._folder):
            set_aside(self._folder, "it is not a folder")
        self._folder.mkdir(exist_ok=True)
        remove_left(self._folder)
        for old in self._folder.glob("*.png"):
            if old.stem.isdecimal() and int(old.stem) > run.resumed and not is_folder(old):
                old.unlink()

    def __call__(self, iterate: Iterate) -> None:
        """Write the picture if one is due."""
        if self._due(iterate.evaluation):
            picture = self._run.present(reduced(np.asarray(iterate.point.image), self.side))
            write_image(picture, self._folder / f"{iterate.evaluation:05d}.png")
