"""Import and configure TensorFlow before its first use."""

import logging
import os

from nst.errors import InputError, check_count
from nst.runtime import logs

log = logging.getLogger(__name__)


def prepare(threads: int | None = None) -> str:
    """Import TensorFlow, limit its threads, let GPU memory grow, and return the name of the device.

    Args:
        threads: number of CPU threads, at least 1; None uses all. Only the first run of a process can set it.

    Returns:
        The name of the first GPU, or `CPU`.

    Raises:
        InputError: `KERAS_BACKEND` selects another backend, or `threads` is below 1.
    """
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise InputError(f"KERAS_BACKEND is {backend}, but nst requires tensorflow; unset it")
    if threads is not None:
        check_count("threads", threads, at_least=1)
    with logs.quieted():
        import tensorflow as tf

    if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() != threads:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:
            log.warning("threads=%s has no effect: TensorFlow is already running in this process", threads)
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        if not tf.config.experimental.get_memory_growth(gpu):
            tf.config.experimental.set_memory_growth(gpu, True)
    if not gpus:
        return "CPU"
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
