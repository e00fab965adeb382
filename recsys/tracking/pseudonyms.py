"""Replaces customer ids in MLflow by a keyed hash (`track.pseudonyms=true`).

A pseudonym is the HMAC-SHA256 of a customer's id. Its key is read from the environment and stored
nowhere. Two runs with one key can be paired by customer, and without the key nobody can compute
whose pseudonym it is. A run is tagged with a fingerprint of the key, which tells runs with
different keys apart. Only the artifact holds real ids.

Pseudonyms do not make data anonymous: the tables still hold the number of events of each customer,
and the key gives the pseudonym of any id.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recsys.errors import InputError
from recsys.ops.keyed_hash import VARIABLE, digest, key_of_environment, pseudonym

TAG = "pseudonym_key"

_SHORT = 16
_ABOUT_KEY = b"recsys: fingerprint of a pseudonym key"


@dataclass(frozen=True)
class Pseudonyms:
    """The hash with one key.

    Attributes:
        key: not part of the object's `repr`.
    """

    key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that identify the key without revealing it."""
        return digest(self.key, _ABOUT_KEY)[:_SHORT]

    def of(self, ids: Sequence[object]) -> list[str]:
        """32 hexadecimal digits for each id, equal for ids of equal text."""
        return [pseudonym(self.key, customer_id) for customer_id in ids]


def pseudonyms(enabled: bool) -> Pseudonyms | None:
    """The hash with the key of the environment; None unless `enabled`.

    Raises:
        InputError: the key is missing or too short.
    """
    return Pseudonyms(key_of_environment("track.pseudonyms=true")) if enabled else None


def pseudonyms_of(run_id: str, tags: Mapping[str, str]) -> Pseudonyms | None:
    """The hash that a run was logged with; None where it holds real ids.

    Args:
        run_id: of the run, for the message.
        tags: of the run.

    Raises:
        InputError: the environment has no key, or another one than the run was logged with.
    """
    if TAG not in tags:
        return None
    if VARIABLE not in os.environ:
        raise InputError(
            f"run {run_id} holds customers under pseudonyms: set {VARIABLE} to the key that it was "
            "logged with"
        )
    current = pseudonyms(enabled=True)
    assert current is not None
    if current.fingerprint != tags[TAG]:
        raise InputError(
            f"run {run_id} holds customers under another key (fingerprint {tags[TAG]}) than "
            f"{VARIABLE} ({current.fingerprint}); set the key that it was logged with"
        )
    return current


def refuse_different_keys(runs: Mapping[str, Mapping[str, str]]) -> None:
    """Refuses runs that cannot be paired by customer, because they hold different ids.

    Args:
        runs: run id -> tags.

    Raises:
        InputError: names two such runs.
    """
    kinds = {tags.get(TAG): run_id for run_id, tags in runs.items()}
    if len(kinds) > 1:
        (first_key, first), (second_key, second) = list(kinds.items())[:2]
        raise InputError(
            f"runs {first} and {second} cannot be paired by customer: the first holds "
            f"{_described(first_key)} and the second {_described(second_key)}; train both again "
            f"with the same track.pseudonyms and the same {VARIABLE}, or set runs=ID,ID"
        )


def _described(fingerprint: str | None) -> str:
    if fingerprint is None:
        return "customer ids as they are"
    return f"pseudonyms under the key {fingerprint}"
