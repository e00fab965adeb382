"""Customer ids replaced by a keyed hash: HMAC-SHA256, whose key only the environment holds.

Equal ids have equal pseudonyms under one key, so that tables can be joined by them, and without the
key nobody can compute whose pseudonym it is.
"""

import hmac
import os

from recsys.errors import InputError

VARIABLE = "RECSYS_PSEUDONYM_KEY"
SHORTEST = 32
"""Characters of a key; `openssl rand -hex 32` gives 64."""

_LENGTH = 32


def pseudonym(key: bytes, customer_id: object) -> str:
    """32 hexadecimal digits, equal for ids of equal text."""
    # The prefix keeps an id from having a key's fingerprint as its pseudonym.
    return digest(key, f"customer {customer_id}".encode("utf-8", "surrogatepass"))


def product_pseudonym(key: bytes, product_id: object) -> str:
    """As `pseudonym`, for a product: another text, though it has the id of a customer."""
    return digest(key, f"product {product_id}".encode("utf-8", "surrogatepass"))


def digest(key: bytes, text: bytes) -> str:
    """32 hexadecimal digits of a text under a key."""
    return hmac.digest(key, text, "sha256").hex()[:_LENGTH]


def key_of_environment(setting: str, variable: str = VARIABLE) -> bytes:
    """The key in an environment variable.

    Args:
        setting: what needs a key, for the message.
        variable: its name.

    Raises:
        InputError: the key is missing or too short.
    """
    key = os.environ.get(variable, "")
    if len(key) < SHORTEST:
        length = f"one of {len(key)}" if key else "none"
        raise InputError(
            f"{setting} needs a key of at least {SHORTEST} characters in the environment variable "
            f"{variable}, got {length}; make one with 'openssl rand -hex 32', store it apart from "
            "what it hashes, and set it wherever the hashes are to be compared"
        )
    return os.fsencode(key)
