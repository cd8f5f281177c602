"""Eight runs on a Ray cluster of two nodes; one worker is killed, one node stopped. Prints their records as JSON.

It needs a separate, empty network namespace:
`unshare --net python -m tests.launch.two_nodes FOLDER CONTENT STYLE`.
"""

import fcntl
import json
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.nodes import node, stop

ADDRESS = "127.0.0.1:6399"
RUNS = 8
SET_FLAGS, UP = 0x8914, 0x41  # SIOCSIFFLAGS; IFF_UP and IFF_RUNNING


def loopback() -> None:
    """Enable the loopback interface of the namespace."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh", b"lo", UP))


def wait_until(condition: Callable[[], Any], seconds: float = 120) -> Any:
    """Poll `condition` until it returns a true value; return that value."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(condition)
        time.sleep(0.1)
    return found


def active_runs(folder: Path) -> dict[int, Path]:
    """Return {process id: run folder} of the processes that hold a run's lock open."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            for link in (process / "fd").iterdir():
                target = link.readlink()
                if (
                    target.name == ".lock"
                    and target.parent.parent == folder
                    and (target.parent / "history.csv").exists()
                ):
                    found[int(process.name)] = target.parent
        except (OSError, ValueError):
            continue
    return found


def nodes() -> int:
    """Return the number of nodes that are alive."""
    code = f"import ray; ray.init('{ADDRESS}', logging_level='ERROR'); print(sum(n['Alive'] for n in ray.nodes()))"
    counted = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return int(counted.stdout or 0)


def command(content: str, style: str) -> list[str]:
    """Return the command line of the sweep."""
    seeds = ",".join(str(seed) for seed in range(RUNS))
    return [
        sys.executable, "-m", "nst.run", "-m", "hydra/launcher=nst_ray", f"hydra.launcher.address={ADDRESS}",
        f"content.image={content}", f"style.image={style}", "extractor=vgg19_slim",
        "metrics.network=own", "size=64", "pyramid=single",
        "steps=200", "sweep_dir=swept", f"seed={seeds}",
    ]  # fmt: skip


@contextmanager
def cluster() -> Iterator[subprocess.Popen[bytes]]:
    """Run two nodes while inside; yield the second."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="ray") as ray_folder:  # socket paths must be short
        head = ("--head", "--node-ip-address=127.0.0.1", "--port=6399", "--include-dashboard=false", "--num-cpus=1")
        other = ("--node-ip-address=127.0.0.2", f"--address={ADDRESS}", "--num-cpus=1")
        with node(*head, f"--temp-dir={ray_folder}"), node(*other) as second:
            wait_until(lambda: nodes() == 2)
            yield second


def main() -> None:
    """Run all parts and print the results."""
    folder, content, style = Path(sys.argv[1]).resolve(), *sys.argv[2:]
    loopback()
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_DEDUP_LOGS": "0"}
    command_line = command(content, style)
    with cluster() as second:
        results = {
            "wrong token": run_sweep(command_line, folder, RAY_AUTH_TOKEN=secrets.token_hex(32)),
            **lose_worker_and_node(command_line, folder, second),
            "records": records(folder / "swept"),
            "repeated": run_sweep(command_line, folder),
            "records after repeat": records(folder / "swept"),
            "interrupted": interrupt_sweep([*command_line, "sweep_dir=stopped"], folder),
        }
    sys.stdout.write(json.dumps(results) + "\n")


def run_sweep(command_line: list[str], folder: Path, **environment: str) -> Any:
    """Run a sweep; return its exit status and stderr."""
    done = subprocess.run(
        command_line, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def lose_worker_and_node(command_line: list[str], folder: Path, second: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Run a sweep; kill a worker at its beginning, and stop a node in its middle."""
    swept = folder / "swept"
    with subprocess.Popen(command_line, cwd=folder, stdout=subprocess.PIPE, text=True) as sweep:
        process, run = next(iter(wait_until(lambda: active_runs(swept)).items()))
        os.kill(process, signal.SIGKILL)
        wait_until(lambda: len(list(swept.glob("*/result.json"))) >= RUNS // 2)
        wait_until(lambda: len(active_runs(swept)) == 2)
        stop(second)
        return {"killed": run.name, "out": sweep.communicate()[0], "status": sweep.returncode}


def interrupt_sweep(command_line: list[str], folder: Path) -> Any:
    """Run a sweep and send Ctrl-C during a run; return its exit status, and the statuses of its runs."""
    with subprocess.Popen(command_line, cwd=folder, stdout=subprocess.DEVNULL) as sweep:
        wait_until(lambda: active_runs(folder / "stopped"))
        sweep.send_signal(signal.SIGINT)
        status = sweep.wait()
    return status, sorted(record["status"] for record in records(folder / "stopped").values())


def records(swept: Path) -> dict[str, Any]:
    """Return {run: its record}."""
    return {path.parent.name: json.loads(path.read_text()) for path in swept.glob("*/result.json")}


if __name__ == "__main__":
    main()
