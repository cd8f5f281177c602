"""The structure of what a run records, checked when it is read back, because anybody may have written it.

A shape is a type, a tuple of alternatives, a list with the shape of its items, or a mapping of keys to shapes. The key
`ANY` has the shape of all other keys. A key may be missing, and other keys are ignored.
"""

from collections.abc import Mapping
from typing import Any

from nst.bounded import DataError
from nst.state import Metric

TAG, NOTES = 64, 4096  # characters, at most
ANY = "*"
NUMBER = (int, float)
MAYBE_TEXT = (str, None)
PICTURE = {ANY: str}
METRICS = {
    **{metric.value: (*NUMBER, None) for metric in Metric},
    "network": str,
    "network_sha256": MAYBE_TEXT,
    "style_layers": ([str], None),
    "content_layer": MAYBE_TEXT,
}
PROVENANCE = {
    "pictures": {ANY: PICTURE},
    "network": {ANY: str},
    **dict.fromkeys(("pooling", "precision", "convolution", "device"), str),
    "threads": int,
    "versions": {ANY: str},
    "git_commit": MAYBE_TEXT,
}
LOSSES = ({ANY: {ANY: (*NUMBER, None)}}, None)
RECORD: dict[str, Any] = {
    "status": str,
    **dict.fromkeys(("error", "ending", "started", "finished", "identity"), MAYBE_TEXT),
    "overrides": [str],
    "choices": {ANY: MAYBE_TEXT},
    "score": (*NUMBER, [(*NUMBER, None)], None),
    "seed": int,
    "files": {ANY: str},
    "provenance": PROVENANCE,
    "metrics": (METRICS, None),
    "earlier_metrics": ([METRICS], None),
    "weighted": LOSSES,
    "canonical": LOSSES,
    "size": [int],
    "levels": [{ANY: NUMBER}],
    **dict.fromkeys(("loss", "expected_memory_mib", "peak_memory_mib", "resumed_at"), (*NUMBER, None)),
    "tiles": (int, None),
    **dict.fromkeys(("evaluations", "full_size_equivalents", "seconds", "seconds_per_evaluation"), (*NUMBER, None)),
}
"""The shape of result.json; the record inside a picture has a part of its keys."""
CONFIG = {"score": [str], ANY: (str, *NUMBER, bool, list, dict, None)}
OVERRIDES = [str]


def checked(value: Any, shape: Any, name: str) -> Any:
    """`value` if it has the `shape`; messages call it `name`.

    Raises:
        DataError: it has another one.
    """
    where = _misfit(value, shape, "")
    if where is not None:
        shown = "".join(filter(str.isprintable, where))[:80] or "its content"
        raise DataError(f"{name}: {shown} is not what nst writes")
    return value


def checked_record(value: Any, name: str) -> dict[str, Any]:
    """`value` if it has the structure of result.json.

    Raises:
        DataError: it has not.
    """
    record = checked(value, RECORD, name)
    if "status" not in record:
        raise DataError(f"{name}: it has no status")
    return record


def _misfit(value: Any, shape: Any, path: str) -> str | None:
    """The dotted name of the first part of `value` that does not have its shape; None if all have."""
    if isinstance(shape, tuple):
        wrong = [_misfit(value, alternative, path) for alternative in shape]
        return None if None in wrong else max((found for found in wrong if found is not None), key=len)
    if shape is None:
        return None if value is None else path
    if isinstance(shape, type):
        right = isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
        return None if right else path
    if isinstance(shape, list):
        return _misfit_inside(dict(enumerate(value)), {ANY: shape[0]}, path) if isinstance(value, list) else path
    return _misfit_inside(value, shape, path) if isinstance(value, dict) else path


def _misfit_inside(items: Mapping[Any, Any], shapes: Mapping[str, Any], path: str) -> str | None:
    for key, item in items.items():
        shape = shapes.get(key, shapes.get(ANY))
        if shape is not None and (found := _misfit(item, shape, f"{path}.{key}".lstrip("."))) is not None:
            return found
    return None
