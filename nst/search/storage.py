"""The storage of a search's trials."""

import re

from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend

JOURNAL = "journal://"
PATIENCE = 60  # seconds to wait for another process that writes


def storage(address: str) -> BaseStorage:
    """Open the storage at `address`: a database URL of SQLAlchemy (`sqlite:///search.db`), or `journal:///FILE`.

    Many machines may write one journal file on a shared file system, where SQLite is not safe.
    """
    if address.startswith(JOURNAL):
        return JournalStorage(JournalFileBackend(address.removeprefix(JOURNAL + "/")))
    if address.startswith("sqlite:"):  # many runs may write at once
        return RDBStorage(address, engine_kwargs={"connect_args": {"timeout": PATIENCE}})
    return get_storage(address)


def redacted(address: str) -> str:
    """Return the address without user name and password, for messages."""
    return re.sub(r"(?<=://)[^@/]*@", "***@", address)
