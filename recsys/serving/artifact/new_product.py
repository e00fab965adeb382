"""A product that the training has not seen, and its checks against an artifact."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.serving.artifact.ids import SortedIds, whole_id
from recsys.serving.artifact.product_features import Coded, ProductFeatures, Value
from recsys.serving.artifact.times import Moment, seconds

CATEGORY = "category"
"""The feature column that a product's category fills where `NewProduct.features` does not."""


@dataclass(frozen=True, kw_only=True)
class NewProduct:
    """A product and what is known of it.

    Attributes:
        product_id: of the type of the artifact's ids; a number or UUID may be given as text.
        features: column -> value; missing columns are unknown. At least one must have an effect:
            a number, a flag, or a text that a product of the training had.
        name: for people to read.
        category: for people to read; also a feature, where the artifact has one of that name.
        valid_from: the start of the offer, a `times.Moment`; None for always.
        valid_to: the end of the offer; None for never.
    """

    product_id: str | int | UUID
    features: Mapping[str, Value]
    name: str | None = None
    category: str | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None

    @property
    def label(self) -> str:
        """How messages name the product."""
        given = self.product_id
        named = shown(str(given) if isinstance(given, UUID) else given)
        return f"new product {named if isinstance(given, str | UUID) else repr(named)}"

    def id_like(self, products: SortedIds) -> str | int | UUID:
        """The id, in the type of the artifact's ids.

        Raises:
            InputError: it is of another type.
        """
        given = self.product_id
        if isinstance(products.ids, np.ndarray):
            whole = whole_id(given)
            if whole is not None:
                return whole
            expected = "a whole number"
        elif products.is_uuid:
            try:
                return UUID(str(given))
            except ValueError:
                expected = "a UUID"
        elif isinstance(given, str):
            return str(given)
        else:
            expected = "a text"
        example = products.ids[0]
        raise InputError(
            f"{self.label}: expected {expected} as id, such as {example}, got {shown(given)}"
        )

    def text(self, field: str) -> str | None:
        """The name or the category. Raises `InputError` where it is no text."""
        text: Any = getattr(self, field)
        if text is not None and not isinstance(text, str):
            raise InputError(f"{self.label}: {field}: expected a text, got {shown(text)}")
        return text

    def seconds(self, field: str, open_end: int) -> int:
        """`valid_from` or `valid_to` in UTC seconds, `open_end` for None.

        Raises:
            InputError: it is no moment.
        """
        moment = getattr(self, field)
        return open_end if moment is None else seconds(f"{self.label}: {field}", moment)

    def coded(self, features: ProductFeatures) -> Coded:
        """The rows of `features` that make up the vector, and how much of each.

        Raises:
            InputError: a feature is unknown or not usable, or none has an effect.
        """
        try:
            coded = features.coded(self._values(features))
        except InputError as error:
            raise InputError(f"{self.label}: {error}") from None
        if not has_effect(coded):
            unknown = "".join(f"; {message}" for message in self.unknown_texts(features))
            raise InputError(
                f"{self.label}: no feature has an effect, expected at least one of "
                f"{', '.join(features.terms)}{unknown}; leave the product out until a training "
                "has seen it"
            )
        return coded

    def is_described(self, features: ProductFeatures) -> bool:
        """Whether any feature has an effect on the vector."""
        return has_effect(features.coded(self._values(features)))

    def unknown_texts(self, features: ProductFeatures) -> Iterator[str]:
        """A message for each text that no product of the training had."""
        for column, value in self._values(features).items():
            terms = features.terms[column]
            if isinstance(value, str) and None not in terms and value not in terms:
                yield f"{column} {shown(value)} is not among the {len(terms):,} learned"

    def _values(self, features: ProductFeatures) -> Mapping[str, Value]:
        if self.category is not None and CATEGORY in features.terms:
            return {CATEGORY: self.category, **self.features}
        return self.features


def has_effect(coded: Coded) -> bool:
    """Whether a product has more than the row that all products share."""
    return len(coded[0]) > 1
