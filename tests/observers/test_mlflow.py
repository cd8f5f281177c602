"""MLflow with a local database, read by its own client: the record agrees with the run folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from nst.image.io import read_image
from nst.observers.mlflow import LONGEST_PARAM
from nst.settings import flatten
from tests.observers import tracked
from tests.observers.tracked import SMALL, TAGGED, Command

pytest.importorskip("mlflow", reason="mlflow is not installed (extra `mlflow`)")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
MLFLOW = (
    "observers=mlflow",
    "observers.mlflow.every=1",
    "observers.mlflow.images=3",
    "observers.mlflow.timeout=300",
    *SMALL,
)


def client() -> Any:
    from mlflow import MlflowClient  # pyright: ignore[reportMissingImports]

    return MlflowClient(f"sqlite:///{Path('outputs/mlflow.db').absolute()}")


def runs(mlflow: Any, experiment: str = "nst") -> list[Any]:
    return list(mlflow.search_runs([mlflow.get_experiment_by_name(experiment).experiment_id]))


def steps(mlflow: Any, run: Any, tag: str) -> dict[int, float]:
    """{evaluation: value} of a curve, in which no evaluation is logged twice."""
    found = mlflow.get_metric_history(run.info.run_id, tag)
    assert len({metric.step for metric in found}) == len(found)
    return {metric.step: metric.value for metric in found}


def pictures(mlflow: Any, run: Any) -> list[int]:
    """The evaluations of the current pictures."""
    names = (Path(file.path).name for file in mlflow.list_artifacts(run.info.run_id, "images"))
    return sorted(int(name.split("+")[2]) for name in names if name.endswith(".png"))


def test_the_record_agrees_with_the_run_folder(nst: Command, tmp_path: Path) -> None:
    outcome = nst(*MLFLOW, *TAGGED, "hydra.run.dir=run")
    assert (outcome.status, outcome.err) == (0, "")
    mlflow, folder = client(), Path("run")
    (run,) = runs(mlflow)
    for evaluation, values in tracked.curves(folder, every=1).items():
        found = {tag: steps(mlflow, run, tag)[evaluation] for tag in values}
        assert found == pytest.approx(values, rel=1e-6)
    assert {tag: steps(mlflow, run, tag) for tag in tracked.metrics(folder)} == {
        tag: {4: value} for tag, value in tracked.metrics(folder).items()
    }
    settings = flatten(tracked.config(folder))
    assert run.data.params.items() >= {key: str(value)[:LONGEST_PARAM] for key, value in settings.items()}.items()
    assert run.data.params["optimizer"] == "adam"
    assert (run.info.run_name, run.info.status) == ("run", "FINISHED")
    expected = {"tag.draft": "true", "tag.klimt": "true", "nst.status": "done"}
    assert run.data.tags.items() >= expected.items()
    assert run.data.tags["mlflow.note.content"] == "smooth, see https://***@example.org/?***"
    assert pictures(mlflow, run) == [1, 2, 4]
    stored = Path(mlflow.download_artifacts(run.info.run_id, "", str(tmp_path)))
    assert (stored / "result.png").read_bytes() == Path("run/result.png").read_bytes()
    (last,) = stored.glob("images/current+step+4+*.png")
    np.testing.assert_array_equal(read_image(last), read_image(Path("run/result.png")))
    assert yaml.safe_load((stored / "config.yaml").read_text()) == tracked.config(folder)
    assert {"content.png", "style.png"} <= {path.name for path in stored.iterdir()}
    assert b"secret@" not in Path("outputs/mlflow.db").read_bytes()
    assert "mlflow ui --backend-store-uri sqlite:///" in outcome.out


@pytest.mark.slow
def test_a_resumed_run_continues_its_record(nst: Command) -> None:
    arguments = (*MLFLOW, "steps=60", "hydra.run.dir=run")
    assert nst(*arguments, tracked.stopper(20)).status == 130
    (stopped,) = runs(client())
    assert (stopped.info.status, stopped.data.tags["nst.status"]) == ("KILLED", "interrupted")
    assert stopped.data.tags["nst.error"]
    assert nst(*arguments).status == 0
    mlflow = client()
    (run,) = runs(mlflow)
    assert (run.info.run_id, run.info.status) == (stopped.info.run_id, "FINISHED")
    assert run.data.tags["nst.status"] == "done"
    assert "nst.error" not in run.data.tags
    assert list(steps(mlflow, run, "loss/total")) == list(range(1, 61))
    assert pictures(mlflow, run) == [1, 30, 60]


@pytest.mark.slow
def test_the_runs_of_a_parallel_sweep_have_one_parent(nst: Command) -> None:
    """The processes begin at the same time, and none of the database, the experiment and the parent exists."""
    sweep = (
        "-m",
        "hydra/launcher=nst_joblib",
        "hydra.launcher.n_jobs=2",
        "seed=0,1,2",
        "init=noise",
        "sweep_dir=swept",
    )
    outcome = nst(*sweep, *MLFLOW, "observers.mlflow.experiment=mine")
    assert outcome.status == 0
    assert not [log for log in Path("swept").glob("*/run.log") if "the run goes on without it" in log.read_text()]
    found = runs(client(), "mine")
    (parent,) = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in found if run is not parent]
    assert (parent.info.run_name, parent.info.status) == ("swept", "FINISHED")
    assert len(children) == 3
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
