"""The command `python -m nst.run`, installed as `nst`: one run, or a sweep with `-m`; it also runs the others."""

import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

import hydra

from nst.cli import configs, group_help, sweep
from nst.cli.flags import flags_first, help_topics
from nst.cli.hydra_errors import guarded
from nst.cli.photographs import each_a_run
from nst.cli.session import session
from nst.cli.task import task
from nst.runner.hydra_versions import VERSION_BASE, WHITELIST
from nst.runtime import signals
from nst.runtime.process import open_streams

TERMINATED = 128 + signal.SIGTERM
OTHERS = ("fetch", "measure", "repeat", "report", "resume", "show", "watch")
"""The other commands, `python -m nst.NAME`; as the first word, which is never an override, each runs from here."""

job = hydra.main(config_path=configs.conf_dir(), config_name="config", **VERSION_BASE, **WHITELIST)(task)


def main() -> int:
    """Run the command; return its exit status: 0 done, 1 diverged or failed, 2 bad input, 130 and 143 interrupted."""
    open_streams()
    if other := _other(sys.argv[1:2]):
        return other(sys.argv[2:])
    if sys.argv[1:2] == ["run"]:
        del sys.argv[1]
    configs.register()
    return guarded(_run)


def _other(words: Sequence[str]) -> Callable[[Sequence[str]], int] | None:
    """The main function of the other command that the first of `words` names; None if it names none."""
    if not words or words[0] not in OTHERS or (found := find_spec(f"nst.{words[0]}")) is None:
        return None
    module = f"{found.name}.__main__" if found.submodule_search_locations else found.name
    return import_module(module).main


def _run() -> int:
    """Do one run or a sweep; return the exit status: 130 or 143 if interrupted; a sweep still gets its report."""
    arguments = flags_first(sys.argv[1:])
    topics, config_dir = help_topics(arguments)
    if topics:
        return group_help.show(topics, config_dir)
    with session() as command:
        sys.argv[1:], command.photographs = each_a_run(arguments)
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
        except Exception:
            command.discard()
            raise
        if command.sweep and command.sweep.is_dir():
            sweep.finish(command.sweep, command.baseline, command.resume_with, hurry=status == TERMINATED)
    return status


if __name__ == "__main__":
    sys.exit(main())
