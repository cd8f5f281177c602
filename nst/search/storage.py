"""Where the trials of a search are kept."""

import re

from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend

JOURNAL = "journal://"
PATIENCE = 60  # seconds to wait for another process that writes


def storage(address: str) -> BaseStorage:
    """What `address` names: a database as SQLAlchemy spells it (`sqlite:///search.db`), or `journal:///FILE`.

    A journal is a file that many machines may write at once on a shared file system, where SQLite must not be trusted.
    """
    if address.startswith(JOURNAL):
        return JournalStorage(JournalFileBackend(address.removeprefix(JOURNAL + "/")))
    if address.startswith("sqlite:"):  # many runs may want to write at once
        return RDBStorage(address, engine_kwargs={"connect_args": {"timeout": PATIENCE}})
    return get_storage(address)


def redacted(address: str) -> str:
    """The address as it may be printed."""
    return re.sub(r"(?<=://)[^@/]*@", "***@", address)
