"""Eight runs on a Ray cluster of two nodes, one worker killed and one node stopped on the way; their fate as JSON.

It needs a network of its own, with nothing in it:
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
    """Switch the namespace's own interface on."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh", b"lo", UP))


def until(what: Callable[[], Any], seconds: float = 120) -> Any:
    """What it gives once that is something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.1)
    return found


def at_work(folder: Path) -> dict[int, Path]:
    """{process: the run it writes}: whoever holds a run's lock open."""
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
    """How many nodes the head knows of."""
    code = f"import ray; ray.init('{ADDRESS}', logging_level='ERROR'); print(sum(n['Alive'] for n in ray.nodes()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return int(told.stdout or 0)


def command(content: str, style: str) -> list[str]:
    """The sweep."""
    seeds = ",".join(str(seed) for seed in range(RUNS))
    return [
        sys.executable, "-m", "nst.run", "-m", "hydra/launcher=nst_ray", f"hydra.launcher.address={ADDRESS}",
        f"content.image={content}", f"style.image={style}", "extractor=vgg19_slim",
        "metrics.network=own", "size=64", "pyramid=single",
        "steps=200", "sweep_dir=swept", f"seed={seeds}",
    ]  # fmt: skip


@contextmanager
def cluster() -> Iterator[subprocess.Popen[bytes]]:
    """Two nodes, while inside; gives the second."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="ray") as short:  # sockets' names are short
        head = ("--head", "--node-ip-address=127.0.0.1", "--port=6399", "--include-dashboard=false", "--num-cpus=1")
        other = ("--node-ip-address=127.0.0.2", f"--address={ADDRESS}", "--num-cpus=1")
        with node(*head, f"--temp-dir={short}"), node(*other) as second:
            until(lambda: nodes() == 2)
            yield second


def main() -> None:
    """Do it."""
    folder, content, style = Path(sys.argv[1]).resolve(), *sys.argv[2:]
    loopback()
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_DEDUP_LOGS": "0"}
    line = command(content, style)
    with cluster() as second:
        told = {
            "stranger": ended(line, folder, RAY_AUTH_TOKEN=secrets.token_hex(32)),
            **bereft(line, folder, second),
            "records": records(folder / "swept"),
            "again": ended(line, folder),
            "after": records(folder / "swept"),
            "stopped": interrupted([*line, "sweep_dir=stopped"], folder),
        }
    sys.stdout.write(json.dumps(told) + "\n")


def ended(line: list[str], folder: Path, **environment: str) -> Any:
    """Exit status and stderr of a sweep."""
    done = subprocess.run(
        line, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def bereft(line: list[str], folder: Path, second: subprocess.Popen[bytes]) -> dict[str, Any]:
    """A sweep that loses a worker at its beginning and a node in its middle."""
    swept = folder / "swept"
    with subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, text=True) as sweep:
        process, run = next(iter(until(lambda: at_work(swept)).items()))
        os.kill(process, signal.SIGKILL)
        until(lambda: len(list(swept.glob("*/result.json"))) >= RUNS // 2)
        until(lambda: len(at_work(swept)) == 2)
        stop(second)
        return {"killed": run.name, "out": sweep.communicate()[0], "status": sweep.returncode}


def interrupted(line: list[str], folder: Path) -> Any:
    """What a sweep leaves that gets Ctrl-C once a run is under way: its exit status, and its runs'."""
    with subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL) as sweep:
        until(lambda: at_work(folder / "stopped"))
        sweep.send_signal(signal.SIGINT)
        status = sweep.wait()
    return status, sorted(record["status"] for record in records(folder / "stopped").values())


def records(swept: Path) -> dict[str, Any]:
    """{run: its record}."""
    return {path.parent.name: json.loads(path.read_text()) for path in swept.glob("*/result.json")}


if __name__ == "__main__":
    main()
