"""Run a sweep on a running Ray cluster (`hydra/launcher=nst_ray`): each job is a task on any node with room."""

import logging
import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "4")  # before the import; seconds until the head must accept us
import ray  # pyright: ignore[reportMissingImports]
from ray.exceptions import RayError, RayTaskError, TaskCancelledError  # pyright: ignore[reportMissingImports]

from nst.cli import hydra_errors
from nst.errors import InputError, check_number
from nst.launch.engine import MOMENT, Engine
from nst.launch.job import INTERRUPTED, Job, Outcome, perform
from nst.runtime import logs

ANSWER = 5.0  # seconds until the cluster's port must answer
AT_ONCE = 1000  # tasks that Ray gets at a time; the others wait here


class Cluster(Engine):
    """Tasks on the nodes of a cluster.

    Args:
        address: `host:port` of the head node, or `auto` for the cluster of this machine.
        num_cpus: processors and threads of each job, above 0.
        num_gpus: GPUs of each job, at least 0; all others are hidden from it.

    Raises:
        InputError: a value is out of range, no node is large enough, or the cluster cannot be joined.
    """

    def __init__(self, address: str, num_cpus: float, num_gpus: float) -> None:
        check_number("hydra.launcher.num_cpus", num_cpus, above=0)
        check_number("hydra.launcher.num_gpus", num_gpus, at_least=0)
        _join(address)
        for name, wanted in (("CPU", num_cpus), ("GPU", num_gpus)):
            largest = max((node["Resources"].get(name, 0) for node in ray.nodes() if node["Alive"]), default=0)
            if wanted > largest:
                raise InputError(f"hydra.launcher.num_{name.lower()}s is {wanted:g}; the largest node has {largest:g}")
        self._threads = max(1, int(num_cpus))
        # with the arguments here, and not in `options`, Ray starts a separate process for every job with a GPU
        asked = {"num_cpus": num_cpus, "num_gpus": num_gpus, "max_retries": 0, "scheduling_strategy": "SPREAD"}
        self._task: Any = ray.remote(**asked)(_perform)
        self._at_work: dict[Any, Job] = {}

    def free_slots(self) -> int:
        """Return the number of tasks that Ray may still get; Ray queues those that its nodes have no room for."""
        return AT_ONCE - len(self._at_work)

    def begin(self, jobs: Sequence[Job]) -> None:
        """Submit each job as a task."""
        for job in jobs:
            self._at_work[self._task.remote(replace(job, threads=self._threads))] = job

    def ended(self) -> list[Outcome]:
        """Collect the outcomes."""
        done, _ = ray.wait(list(self._at_work), timeout=MOMENT)
        return [_outcome(reference, self._at_work.pop(reference)) for reference in done]

    def stop(self) -> None:
        """Cancel all tasks: running ones end early, waiting ones do not begin."""
        for reference in self._at_work:
            ray.cancel(reference)


def _join(address: str) -> None:
    """Connect to the cluster as a driver.

    Raises:
        InputError: the address does not answer, or the cluster refuses.
    """
    host, _, port = address.rpartition(":")
    if address != "auto":
        try:
            socket.create_connection((host, int(port)), timeout=ANSWER).close()
        except (OSError, ValueError) as error:
            raise InputError(f"hydra.launcher.address: no Ray cluster answers at {address} ({error})") from error
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    with logs.quieted():
        try:
            ray.init(
                address=address,
                ignore_reinit_error=True,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": {"PYTHONPATH": path}},
            )
        except (RayError, ConnectionError, RuntimeError, ValueError) as error:
            refusal = InputError(f"hydra.launcher.address: {address}: {_reason(error)}")
        else:
            return
    raise refusal


def _reason(error: Exception) -> str:
    """Return Ray's own explanation: the last of its messages in the cause of `error`."""
    own = [line.partition(": ")[2] for line in str(error.__cause__).splitlines() if line.startswith("ray.exceptions.")]
    return [str(error).splitlines()[0], *own][-1].partition(". ")[0]


def _perform(job: Job) -> Outcome:
    return replace(perform(job), place=ray.util.get_node_ip_address())


def _outcome(reference: Any, job: Job) -> Outcome:
    try:
        return ray.get(reference)
    except TaskCancelledError:
        return Outcome(job.num, None, INTERRUPTED[0])
    except RayTaskError as error:  # raised before the run began
        why = f"it could not start on its node: {hydra_errors.one_line(error.cause)}"
    except RayError as error:
        why = f"its worker was lost ({type(error).__name__}); repeat the command to continue it"
    return Outcome(job.num, float("nan"), 1, lost=why)
