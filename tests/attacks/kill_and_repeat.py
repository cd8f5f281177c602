"""Kill a run at random instants, repeat the same command, and print a line for each.

Arguments: the folder of the runs, the number of kills, a seed, the overrides. Every run is a forked process: importing
TensorFlow takes longer than the run.
"""

import os
import random
import signal
import sys
import time

import tensorflow as tf  # noqa: F401  imported before the processes are forked, but not used

import nst.runner.setup  # noqa: F401
from nst import run


def begin(overrides: list[str], folder: str) -> int:
    """Fork a process with the command; return its id."""
    if process := os.fork():
        return process
    sys.argv = ["nst", *overrides, f"hydra.run.dir={folder}"]
    status = 3
    try:
        status = run.main()
    finally:
        os._exit(status)


def ended(process: int) -> int:
    """Wait for a process; return its exit status."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main(top: str, kills: int, seed: int, overrides: list[str]) -> None:
    """Do one whole run, then the others, each killed after a random part of the whole run's time."""
    rng, began = random.Random(seed), time.monotonic()
    print("whole", ended(begin(overrides, f"{top}/whole")))
    seconds = time.monotonic() - began  # at most, of a run
    for number in range(kills):
        folder = f"{top}/{number}"
        process, after = begin(overrides, folder), rng.uniform(0.2, 1) * seconds
        time.sleep(after)
        os.kill(process, signal.SIGKILL)
        killed = ended(process)
        if killed != -signal.SIGKILL:  # it ended before: runs take less time than the whole one did
            seconds = after
        print(number, killed, ended(begin(overrides, folder)), f"{after:.2f} s of {seconds:.2f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
