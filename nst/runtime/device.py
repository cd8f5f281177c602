"""TensorFlow made ready, quietly; everything here must happen before its first use."""

import logging
import os

from nst.errors import InputError, check_count
from nst.runtime import logs

log = logging.getLogger(__name__)


def prepare(threads: int | None = None) -> str:
    """Import TensorFlow, bound its threads, let GPU memory grow; the name of the device that will compute.

    Args:
        threads: of the processor, at least 1; None takes all. The first run of a process decides.

    Raises:
        InputError: another Keras backend is asked for, or bad `threads`.
    """
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise InputError(f"KERAS_BACKEND is {backend}; nst runs on tensorflow, so unset it")
    if threads is not None:
        check_count("threads", threads, at_least=1)
    with logs.quieted():
        import tensorflow as tf

    if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() != threads:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:
            log.warning("threads=%s comes too late: this process has computed already", threads)
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        if not tf.config.experimental.get_memory_growth(gpu):
            tf.config.experimental.set_memory_growth(gpu, True)
    if not gpus:
        return "CPU"
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
