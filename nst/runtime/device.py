"""Import and configure TensorFlow before its first use."""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from nst.errors import InputError, check_count
from nst.runtime import logs

log = logging.getLogger(__name__)


def processors() -> int:
    """The number of processors that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(what: str, value: object) -> int:
    """`value` if it is a number of threads that this process can use; else InputError."""
    threads, most = check_count(what, value, at_least=1), processors()
    if threads > most:
        more = f"{what} is {threads}, but this process can use only {most} processors"
        raise InputError(f"{more}; {what}=null chooses a number that fits")
    return threads


def prepare(threads: int | None = None, *, eager: bool = False) -> str:
    """Import TensorFlow, limit its threads, let GPU memory grow, and return the name of the device.

    Args:
        threads: number of CPU threads, at least 1; None uses all. Only the first run of a process can set it.
        eager: compute without compiled graphs, until the next call.

    Returns:
        The name of the first GPU, or `CPU`.

    Raises:
        InputError: `KERAS_BACKEND` selects another backend, or `threads` is out of range.
    """
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise InputError(f"KERAS_BACKEND is {backend}, but nst requires tensorflow; unset it")
    if threads is not None:
        check_threads("threads", threads)
    with logs.quieted(), _without_garbage_collection():
        import tensorflow as tf

    if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() != threads:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:
            log.warning("threads=%s has no effect: TensorFlow is already running in this process", threads)
    tf.config.run_functions_eagerly(eager)
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        if not tf.config.experimental.get_memory_growth(gpu):
            tf.config.experimental.set_memory_growth(gpu, True)
    if not gpus:
        return "CPU"
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Import without Python's search for cycles, and exempt what was imported from it: this saves half a second."""
    collecting = gc.isenabled()
    if "tensorflow" in sys.modules:  # later calls must not exempt the objects of runs
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collecting:
            gc.enable()
