"""Which links between records count, and how large a person may become."""

from dataclasses import dataclass

from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True)
class LinkRules:
    """Settings of identity resolution; weights are in bits (log2 of odds).

    Attributes:
        most_records: a key that more records share (a call centre's e-mail, a kiosk) links nobody.
        largest: a person has at most so many records; larger groups are cut at their weakest links.
        min_weight: compared records are linked from this match weight on; log2(9) is .9 certain.
        min_confidence: rows of `identities` below it are left out; without a confidence it is 1.
        contradictions: links by a shared e-mail, phone, handle or device are refused where given
            names or birth dates say that these are two persons; compared ones where given names
            differ and `households` finds that most such pairs are two persons.

    Raises:
        InputError: a setting is out of range.
    """

    most_records: int = 10
    largest: int = 50
    min_weight: float = 3.17
    min_confidence: float = 0.5
    contradictions: bool = True

    def __post_init__(self) -> None:
        """Raises `InputError` where a setting is out of range."""
        for name in ("most_records", "largest"):
            if getattr(self, name) < 2:
                raise InputError(
                    f"{name}: expected a whole number of at least 2, got {getattr(self, name)}"
                )
        if not 0 <= self.min_confidence <= 1:
            raise InputError(
                f"min_confidence: expected a number >= 0 and <= 1, got {self.min_confidence}"
            )
        if not -100 <= self.min_weight <= 1000:
            raise InputError(
                f"min_weight: expected a number from -100 to 1,000, got {self.min_weight}"
            )
