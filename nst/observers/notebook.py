"""Progress and the current picture in a notebook cell."""

import io
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from nst.errors import InputError, check_number
from nst.image.io import to_uint8
from nst.observers.contract import Observer
from nst.state import Iterate

if TYPE_CHECKING:
    from nst.transfer.transfer import Transfer


class Notebook(Observer):
    """Shows progress and the current picture below a notebook cell, and updates them in place.

    Pass it to `stylize`: `nst.stylize(transfer, observers=[nst.Notebook(transfer)])`.

    Args:
        transfer: the transfer that `stylize` runs.
        every: seconds between updates, above 0. The last evaluation is always shown.

    Raises:
        InputError: IPython is not installed, or `every` is not above 0.
    """

    def __init__(self, transfer: "Transfer", every: float = 2.0) -> None:
        try:
            from IPython.display import display
        except ImportError as error:
            raise InputError("nst.Notebook needs IPython: python -m pip install ipython") from error
        self._transfer, self._display = transfer, display
        self._every = check_number("nst.Notebook.every", every, above=0)
        self._steps = sum(level.steps for level in transfer.levels)
        self._shown_at = -np.inf
        self._handles: tuple[Any, Any] | None = None

    def __call__(self, iterate: Iterate) -> None:
        """Update the cell if an update is due."""
        now = time.monotonic()
        if now - self._shown_at < self._every and iterate.evaluation < self._steps:
            return
        self._shown_at = now
        shown = self._line(iterate), self._picture(iterate)
        if self._handles is None:
            line, picture = (self._display(part, display_id=True) for part in shown)
            self._handles = line, picture
        else:
            for handle, part in zip(self._handles, shown, strict=True):
                handle.update(part)

    def _line(self, iterate: Iterate) -> Any:
        from IPython.display import Markdown

        levels = self._transfer.levels
        return Markdown(
            f"evaluation {iterate.evaluation} of {self._steps}, level {iterate.level + 1} of {len(levels)}, "
            f"loss {float(iterate.point.total):.4g}, {iterate.seconds:.0f} s"
        )

    def _picture(self, iterate: Iterate) -> Any:
        """The current picture as the result would show it, displayed at the size of the result."""
        from IPython import display

        picture = self._transfer.present(np.asarray(iterate.point.image))
        buffer = io.BytesIO()
        Image.fromarray(to_uint8(picture)).save(buffer, "JPEG", quality=90)
        full = self._transfer.levels[-1]
        return display.Image(buffer.getvalue(), format="jpeg", width=full.width, height=full.height)
