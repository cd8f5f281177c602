"""The command `python -m nst.run`, installed as `nst`: one run, or a sweep with `-m`."""

import signal
import sys

import hydra

from nst.cli import configs, sweep
from nst.cli.flags import flags_first
from nst.cli.hydra_errors import guarded
from nst.cli.session import session
from nst.cli.task import task
from nst.runtime import signals
from nst.runtime.process import open_streams

TERMINATED = 128 + signal.SIGTERM

job = hydra.main(version_base=configs.VERSION_BASE, config_path=configs.conf_dir(), config_name="config")(task)


def main() -> int:
    """Run the command; return its exit status: 0 done, 1 diverged or failed, 2 bad input, 130 and 143 interrupted."""
    open_streams()
    configs.register()
    return guarded(_run)


def _run() -> int:
    """Do one run or a sweep; return the exit status: 130 or 143 if interrupted; a sweep still gets its report."""
    sys.argv[1:] = flags_first(sys.argv[1:])
    with session() as command:
        try:
            with signals.raising():
                job()
            status = command.status
        except KeyboardInterrupt:
            status = 130
        except SystemExit as error:
            if error.code == 1:
                return 2  # Hydra printed why, like a `--package` that does not exist
            if error.code != TERMINATED:
                raise
            status = TERMINATED
        if command.sweep and command.sweep.is_dir():
            sweep.finish(command.sweep, command.baseline, hurry=status == TERMINATED)
    return status


if __name__ == "__main__":
    sys.exit(main())
