"""The pruner measures the picture that the run would save if it ended there."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from nst import LBFGS, Features, Gram, HistogramMatching, Luminance, Objective, Octaves, Style, Transfer, stylize
from nst.extractor.network import Network
from nst.observers.contract import RunContext
from nst.search.prune import FILE, PruneObserver
from nst.state import Iterate
from tests.conftest import blobs

CONTENT = blobs(128, 160, 1)


@pytest.fixture
def observer(tmp_path: Path) -> PruneObserver:
    """The observer of the first trial of a study that never prunes, with a report at each evaluation."""
    address = f"sqlite:///{tmp_path}/search.db"
    optuna.create_study(storage=address, study_name="a").ask()
    stored = {"storage": address, "study": "a", "every": 0.1, "patience": 9, "startup": 9}
    (tmp_path / FILE).write_text(json.dumps(stored))
    return PruneObserver(str(tmp_path), 0)


@pytest.mark.parametrize("color", [Luminance(), HistogramMatching()], ids=lambda color: type(color).__name__)
@pytest.mark.parametrize("last", [1, 5], ids=["small level", "full size"])
def test_the_measured_picture_is_the_result_of_a_run_that_ends_there(
    network: Network, observer: PruneObserver, tmp_path: Path, color: Any, last: int
) -> None:
    objective, mask = Objective(Features(), Gram()), np.ones([1, 128, 160, 1], np.float32)
    mask[:, :, :50] = 0
    settings: dict[str, Any] = {"steps": 6, "pyramid": Octaves((0.5, 1.0), (1.0, 1.0)), "color": color, "mask": mask}
    transfer = Transfer(CONTENT, [Style(blobs(72, 96, 2))], network, objective, LBFGS(), **settings)
    measured: list[np.ndarray] = []

    def measure(picture: np.ndarray) -> dict[str, Any]:
        measured.append(picture)
        return {"ssim": 0.5}

    run = RunContext(tmp_path, {"score": ["ssim"]}, {}, transfer.levels, CONTENT, [], measure, transfer.present)
    observer.open(run)
    seen: list[Iterate] = []
    stopped = stylize(transfer, observers=[seen.append], interrupted=lambda: len(seen) >= last)
    assert stopped.point
    observer(seen[-1])
    np.testing.assert_array_equal(measured[0], stopped.image)
