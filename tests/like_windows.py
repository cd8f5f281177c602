"""Call commands of nst as on Windows, as far as another system can imitate it.

For nst's modules, and for no others, what Windows lacks is missing: modules, names of `os` and `signal`, `dir_fd`,
symbolic links, `os.kill` as a signal. Files that this process has open cannot be renamed, replaced or deleted. A text
file that is opened without an encoding is an error. Names, quotes and paths follow nst's rules for Windows.

Usage: `python -X warn_default_encoding -m tests.like_windows [COMMAND ARGUMENT ... [-- COMMAND ARGUMENT ...] ...]`;
the commands are those of nst, like `run`. First, every module of nst is imported.
"""

import builtins
import errno
import importlib
import os
import pkgutil
import signal
import sys
import warnings
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

NO_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"}
OPTIONAL = {"atheris", "joblib", "optuna", "ray", "submitit"}
NONE_OF_OS = {
    "O_ASYNC", "O_CLOEXEC", "O_DIRECT", "O_DIRECTORY", "O_DSYNC", "O_NOATIME", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK",
    "O_PATH", "O_SYNC", "O_TMPFILE", "chown", "chroot", "fchmod", "fchown", "fork", "forkpty", "getegid", "geteuid",
    "getgid", "getgroups", "getloadavg", "getpgid", "getpgrp", "getpriority", "getsid", "getuid", "initgroups",
    "killpg", "lchown", "mkfifo", "mknod", "nice", "openpty", "posix_fadvise", "posix_spawn", "pread", "pwrite",
    "sched_getaffinity", "sched_setaffinity", "sendfile", "setgid", "setpgid", "setpriority", "setsid", "setuid",
    "statvfs", "sync", "sysconf", "uname", "wait", "wait3", "wait4",
}  # fmt: skip
NONE_OF_SIGNAL = {
    "SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGTSTP", "SIGUSR1",
    "SIGUSR2", "alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "sigpending", "sigwait",
}  # fmt: skip
BINARY = 1 << 28  # as `os.O_BINARY`


class Without(ModuleType):
    """A module without some of its names, and with others in their place."""

    def __init__(self, module: ModuleType, missing: set[str], **instead: Any) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(instead)
        self._module, self._missing = module, missing

    def __getattr__(self, name: str) -> Any:
        if name in self._missing:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}' on Windows")
        return getattr(self._module, name)


def _open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    assert dir_fd is None, "Windows has no dir_fd"
    assert flags & BINARY or path == os.devnull, f"{path} would be opened as text"
    if Path(path).is_dir():
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
    return os.open(path, flags & ~BINARY, mode)


def _listdir(path: Any = ".") -> list[str]:
    assert not isinstance(path, int), "Windows lists no descriptors"
    return os.listdir(path)  # noqa: PTH208


def _kill(number: int, sent: int) -> None:
    raise AssertionError(f"os.kill({number}, {sent}) would end the process")


def _no_link(*_: Any, **__: Any) -> None:
    raise OSError(errno.EINVAL, "A required privilege is not held by the client")


def _guarded(call: Any) -> Any:
    """`call` of `os`, refused for files that this process has open."""

    def guarded(*paths: Any, **options: Any) -> Any:
        temporary = sys._getframe(1).f_globals["__name__"] == "tempfile"  # has another way on Windows
        opened = {str(number.readlink()) for number in Path("/proc/self/fd").iterdir() if number.is_symlink()}
        for path in map(Path, paths):
            if str(path.parent.resolve() / path.name) in opened and not temporary:
                raise PermissionError(errno.EACCES, "it is being used by another process", str(path))
        return call(*paths, **options)

    return guarded


def _imitate() -> None:
    """Let nst's modules, which are not imported yet, see what Windows has."""
    proxies = {
        "os": Without(os, NONE_OF_OS, name="nt", O_BINARY=BINARY, open=_open, listdir=_listdir, kill=_kill),
        "signal": Without(signal, NONE_OF_SIGNAL, SIGBREAK=signal.SIGUSR1),
    }
    imported = builtins.__import__

    def import_(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:  # noqa: A002
        if str((globals or {}).get("__name__")).partition(".")[0] in ("nst", "hydra_plugins"):
            if name.partition(".")[0] in NO_MODULES:
                raise ModuleNotFoundError(f"No module named '{name}'", name=name)
            if name in proxies:
                return proxies[name]
        return imported(name, globals, locals, fromlist, level)

    builtins.__import__ = import_
    os.symlink = _no_link
    if Path("/proc/self/fd").is_dir():
        for name in ("replace", "rename", "unlink", "remove"):
            setattr(os, name, _guarded(getattr(os, name)))


def _import_all() -> None:
    package = importlib.import_module("nst")
    for module in pkgutil.walk_packages(package.__path__, "nst."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if error.name not in OPTIONAL:
                raise


def main(arguments: list[str]) -> int:
    """Import everything, then do the commands; return the status of the first that fails."""
    import tensorflow  # noqa: F401  as on Windows, libraries see their own system

    _imitate()
    warnings.simplefilter("ignore", EncodingWarning)
    warnings.filterwarnings("error", category=EncodingWarning, module=r"nst(\.|$)")
    _import_all()
    for command in [list(group) for key, group in groupby(arguments, "--".__ne__) if key]:
        sys.argv = command
        if status := importlib.import_module(f"nst.{command[0]}").main():
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
