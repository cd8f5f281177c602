"""The command `python -m nst.run`, installed as `nst`: one run, or a sweep with `-m`."""

import sys

import hydra

from nst.cli import configs, sweep
from nst.cli.hydra_errors import guarded
from nst.cli.session import session
from nst.cli.task import task

MULTIRUN = ("-m", "--multirun")

job = hydra.main(version_base=configs.VERSION_BASE, config_path=configs.conf_dir(), config_name="config")(task)


def main() -> int:
    """Run the command; return its exit status: 0 done, 1 diverged or failed, 2 bad input, 130 and 143 interrupted."""
    configs.register()
    sys.argv[1:] = sorted(sys.argv[1:], key=lambda argument: argument not in MULTIRUN)  # Hydra needs flags first
    return guarded(_run)


def _run() -> int:
    """Do one run or a sweep; return the exit status: 130 for an interrupted sweep, which still gets its report."""
    with session() as command:
        try:
            job()
            status = command.status
        except KeyboardInterrupt:
            status = 130
        if command.sweep and command.sweep.is_dir():
            sweep.finish(command.sweep)
    return status


if __name__ == "__main__":
    sys.exit(main())
