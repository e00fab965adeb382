"""What an `AnswerLog` refuses before it starts: customers of another kind, keys, folders."""

import errno
import os
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.keyed_hash import SHORTEST, VARIABLE, key_of_environment
from recsys.ops.whole_file import reason

CUSTOMERS = ("plain", "hashed")


def key_of(customers: str, key: str | bytes | None) -> bytes | None:
    """The key of the hash; None where ids stay plain.

    Args:
        customers: "plain" or "hashed".
        key: of the hash; None for that of the environment.

    Raises:
        InputError: `customers` is neither, or the key is missing or too short.
    """
    if customers not in CUSTOMERS:
        raise InputError(f"customers: expected {' or '.join(CUSTOMERS)}, got {customers!r}")
    if customers == "plain":
        return None
    if key is None:
        return key_of_environment("customers=hashed")
    if len(key) < SHORTEST:
        raise InputError(
            f"key: expected at least {SHORTEST} characters, got {len(key)}; make one with "
            f"'openssl rand -hex 32', or set {VARIABLE}"
        )
    return key if isinstance(key, bytes) else os.fsencode(key)


def require_folder(folder: Path) -> None:
    """Makes a folder. Raises `InputError` if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "denied")
    except OSError as error:
        raise InputError(
            f"log={folder} cannot be written: {reason(error)}; name another folder"
        ) from None
