"""Tags and notes of runs, as every view of a report shows them."""

from collections.abc import Sequence

from nst.report.runs import Run

NOTES = 3
"""Different notes that are shown, at most."""


def common(runs: Sequence[Run]) -> list[str]:
    """Lines about all of one or more runs: the tags that they share, and their different notes."""
    everywhere = set(runs[0].tags).intersection(*(run.tags for run in runs))
    shared = [tag for tag in runs[0].tags if tag in everywhere]
    notes = list(dict.fromkeys(run.notes for run in runs if run.notes))
    more = [f"and {len(notes) - NOTES} more notes"] if len(notes) > NOTES else []
    return [*([f"tags: {', '.join(shared)}"] if shared else []), *notes[:NOTES], *more]


def tagged_apart(runs: Sequence[Run]) -> bool:
    """Whether the tags tell runs from each other."""
    return len({run.tags for run in runs}) > 1
