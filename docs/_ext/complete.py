"""Warns about each documented object without a docstring, so that a strict build fails."""

from collections.abc import Sequence
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    """Check every docstring that autodoc reads."""
    app.connect("autodoc-process-docstring", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def check(app: Sphinx, kind: str, name: str, thing: Any, options: Any, lines: Sequence[str]) -> None:
    """Warn if `lines`, the docstring of `name`, are empty."""
    del app, thing, options
    if kind != "attribute" and not any(line.strip() for line in lines):
        log.warning("%s %s has no docstring", kind, name)
