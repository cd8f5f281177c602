"""Where the trials of a search are kept."""

from __future__ import annotations

from optuna.storages import BaseStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend

JOURNAL = "journal://"


def storage(address: str) -> BaseStorage:
    """What `address` names: a database as SQLAlchemy spells it (`sqlite:///search.db`), or `journal:///FILE`.

    A journal is a file that many machines may write at once on a shared file system, where SQLite must not be trusted.
    """
    if address.startswith(JOURNAL):
        return JournalStorage(JournalFileBackend(address.removeprefix(JOURNAL + "/")))
    return get_storage(address)
