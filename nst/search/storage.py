"""The storage of a search's trials."""

from collections.abc import Iterator
from contextlib import contextmanager

from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from nst.errors import InputError
from nst.redaction import is_redacted, redacted_address
from nst.runtime import system

JOURNAL = "journal://"
PATIENCE = 60  # seconds to wait for another process that writes


def storage(address: str) -> BaseStorage:
    """Open the storage at `address`: a database URL of SQLAlchemy (`sqlite:///search.db`), or `journal:///FILE`.

    Many machines may write one journal file on a shared file system, where SQLite is not safe.

    Raises:
        InputError: the address was taken from a file of a search, which holds no secrets.
        Exception: any error of the storage's library.
    """
    if is_redacted(address):
        raise InputError(f"hydra.sweeper.storage: {address} lacks its user name and password; give the whole address")
    if address.startswith(JOURNAL):
        file = address.removeprefix(JOURNAL + "/")
        lock = JournalFileOpenLock(file) if system.WINDOWS else None  # Optuna's default lock is a symbolic link
        return JournalStorage(JournalFileBackend(file, lock))
    if address.startswith("sqlite:"):  # many runs may write at once
        return RDBStorage(address, engine_kwargs={"connect_args": {"timeout": PATIENCE}})
    return get_storage(address)


@contextmanager
def opening(address: str) -> Iterator[None]:
    """Turn any error of the storage's library inside into an InputError without user name and password."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"hydra.sweeper.storage: {redacted_address(address)} cannot be used") from error
