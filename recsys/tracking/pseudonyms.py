"""Customers in MLflow under a keyed hash, where that is wanted (`track.pseudonyms=true`).

A pseudonym is HMAC-SHA256 of the customer's id under a key that only the environment holds, so that
two runs under one key can be paired by customer and nobody without the key can tell, or try out,
who is who. The key is stored nowhere: a run is tagged with a fingerprint of it, by which runs under
different keys are told apart. Real ids are in the artifact alone.

Pseudonyms are not anonymity: how many events a customer has still stands beside them, and who holds
the key can compute the pseudonym of any id.
"""

import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recsys.errors import InputError

VARIABLE = "RECSYS_PSEUDONYM_KEY"
TAG = "pseudonym_key"
SHORTEST = 32
"""Characters of a key; `openssl rand -hex 32` gives 64."""

_LENGTH = 32
_SHORT = 16
_ABOUT_KEY = b"recsys: fingerprint of a pseudonym key"


@dataclass(frozen=True)
class Pseudonyms:
    """The hash under one key.

    Attributes:
        key: kept out of every text about the object.
    """

    key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell keys apart and nothing about them."""
        return self._digest(_ABOUT_KEY)[:_SHORT]

    def of(self, ids: Sequence[object]) -> list[str]:
        """32 hexadecimal digits for each id, equal for ids of equal text."""
        # Told apart from the fingerprint's text, so that no id has that pseudonym.
        return [self._digest(f"customer {one}".encode("utf-8", "surrogatepass")) for one in ids]

    def _digest(self, text: bytes) -> str:
        return hmac.digest(self.key, text, "sha256").hex()[:_LENGTH]


def pseudonyms(wanted: bool) -> Pseudonyms | None:
    """The hash under the key of the environment; None where pseudonyms are not wanted.

    Raises:
        InputError: the key is missing or too short.
    """
    if not wanted:
        return None
    key = os.environ.get(VARIABLE, "")
    if len(key) < SHORTEST:
        came = f"one of {len(key)}" if key else "none"
        raise InputError(
            f"track.pseudonyms=true needs a key of at least {SHORTEST} characters in the "
            f"environment variable {VARIABLE}, got {came}; make one with 'openssl rand -hex 32', "
            "keep it where no run is kept, and set it for every run that is to be compared"
        )
    return Pseudonyms(os.fsencode(key))


def pseudonyms_of(run_id: str, tags: Mapping[str, str]) -> Pseudonyms | None:
    """The hash that a run kept its customers under; None where it kept their ids.

    Args:
        run_id: of the run, for the message.
        tags: of the run.

    Raises:
        InputError: the environment has no key, or another than the run was logged under.
    """
    if TAG not in tags:
        return None
    if VARIABLE not in os.environ:
        raise InputError(
            f"run {run_id} keeps its customers under pseudonyms: set {VARIABLE} to the key that it "
            "was logged under"
        )
    there = pseudonyms(wanted=True)
    assert there is not None
    if there.fingerprint != tags[TAG]:
        raise InputError(
            f"run {run_id} keeps its customers under another key (fingerprint {tags[TAG]}) than "
            f"{VARIABLE} holds ({there.fingerprint}); set the key that it was logged under"
        )
    return there


def refuse_different_keys(runs: Mapping[str, Mapping[str, str]]) -> None:
    """Refuses to pair runs by customer that keep customers under different names.

    Args:
        runs: run id -> tags.

    Raises:
        InputError: names two such runs.
    """
    kinds = {tags.get(TAG): run_id for run_id, tags in runs.items()}
    if len(kinds) > 1:
        (one, first), (other, second) = list(kinds.items())[:2]
        raise InputError(
            f"runs {first} and {second} cannot be paired by customer: the first keeps {_said(one)} "
            f"and the second {_said(other)}; train both again with the same track.pseudonyms and "
            f"the same {VARIABLE}, or say runs=ID,ID"
        )


def _said(fingerprint: str | None) -> str:
    if fingerprint is None:
        return "customer ids as they are"
    return f"pseudonyms under the key {fingerprint}"
