"""The database of studies: an SQLite file with the tables of Optuna."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from sqlalchemy.exc import SQLAlchemyError

from recsys.errors import InputError
from recsys.experiments.tuning.config import StudyConfig
from recsys.tracking.sqlite_file import create_database, is_new, refuse_foreign


def opened(path: Path) -> optuna.storages.RDBStorage:
    """The database, created where there is none; the caller has locked it.

    Raises:
        InputError: it is of another program, or cannot be used.
    """
    refuse_foreign(path, "studies", "study.storage")
    if is_new(path):
        create_database(path, "study.storage", lambda made: _storage(made).engine.dispose())
    return _storage(path)


@contextmanager
def storage_errors(config: StudyConfig) -> Iterator[None]:
    """Turns errors of the database, as on a full disk, into an `InputError`."""
    try:
        yield
    except (optuna.exceptions.StorageInternalError, SQLAlchemyError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise InputError(f"study.storage={config.storage} cannot be used: {reason}") from None


def _storage(path: Path) -> optuna.storages.RDBStorage:
    try:
        return optuna.storages.RDBStorage(
            f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 120}}
        )
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"study.storage={path.name} is not a database of studies: {reason}"
        ) from None
