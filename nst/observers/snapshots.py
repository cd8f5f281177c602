"""snapshots/: pictures during a run, as PNG files."""

import numpy as np

from nst.errors import check_count
from nst.image.io import write_image
from nst.observers.contract import Every, Observer, RunContext
from nst.state import Iterate


class Snapshots(Observer):
    """Writes snapshots/<evaluation>.png.

    Args:
        every: evaluations between pictures; 0 writes none.

    Raises:
        InputError: `every` is negative.
    """

    def __init__(self, every: int = 0) -> None:
        self.every = check_count("observers.snapshots.every", every)

    def open(self, run: RunContext) -> None:
        """Make the folder and delete an earlier run's pictures; a resumed run keeps those up to its checkpoint."""
        self._run, self._folder, self._due = run, run.folder / "snapshots", Every(self.every, run.resumed)
        if self.every:
            self._folder.mkdir(exist_ok=True)
        for old in self._folder.glob("*.png"):
            if not old.stem.isdecimal() or int(old.stem) > run.resumed:
                old.unlink()

    def __call__(self, iterate: Iterate) -> None:
        """Write the picture if one is due."""
        if self._due(iterate.evaluation):
            picture = self._run.present(np.asarray(iterate.point.image))
            write_image(picture, self._folder / f"{iterate.evaluation:05d}.png")
