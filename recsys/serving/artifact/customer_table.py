"""Customers of an artifact: vectors, ids and consent, a row each or several."""

from dataclasses import dataclass

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.serving.artifact import checks


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerTable:
    """C rows of customers, vectors of size d, T touchpoints.

    A customer may have several rows, one for each strand of intent: the id is repeated, the strand
    differs.

    Attributes:
        vectors: [C, d] float32.
        ids: [C] integers, str or `uuid.UUID`. Loaded texts are a `TextIds`, which reads like an
            array and creates Python objects only for the elements that are read.
        strands: [C] integers; None where every customer has one row.
        consent: [C, T] bool, whether a touchpoint may contact the customer; True for touchpoints
            that customers start themselves. None where all may.
        default_vector: [d] float32 vector of a customer of whom nothing is known, which ranks by
            popularity; None where the artifact has none, as those before version 0.2.
        default_consent: [T] bool, the same as `consent` for a customer of whom nothing is known;
            None for the touchpoints that may contact every customer.

    Raises:
        InputError: types or shapes do not fit together; the message names the field.
    """

    vectors: FloatArray
    ids: IdArray
    strands: IntArray | None = None
    consent: BoolArray | None = None
    default_vector: FloatArray | None = None
    default_consent: BoolArray | None = None

    def __post_init__(self) -> None:
        checks.matrix("customers.vectors", self.vectors)
        checks.ids("customers.ids", self.ids, len(self))
        checks.integers("customers.strands", self.strands, len(self))
        if self.default_vector is not None:
            checks.vector("customers.default_vector", self.default_vector, self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.vectors)

    def require_fits(self, dim: int, touchpoints: int) -> None:
        """Raises `InputError` unless vectors have `dim` columns and consents `touchpoints`."""
        checks.width("customers.vectors", self.vectors, dim)
        checks.flags("customers.consent", self.consent, (len(self), touchpoints))
        checks.flags("customers.default_consent", self.default_consent, (touchpoints,))
