"""Whether the parts of `Contents` fit together, each said in one line where they do not."""

from typing import TYPE_CHECKING

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.ops.calibrator import calibrator_of
from recsys.serving.artifact import checks
from recsys.serving.artifact.times import FIRST_SECOND, LAST_SECOND, OPEN_END

if TYPE_CHECKING:
    from recsys.serving.artifact.contents import Contents


def require_consistent(contents: "Contents") -> None:
    """Raises `InputError`, which names the field, unless shapes, types, ranges and facts fit."""
    _vectors(contents)
    _fold_in(contents)
    _ids(contents)
    _rules(contents)
    if contents.offers is not None:
        contents.offers.check(len(contents.products), len(contents.touchpoint_names))
    _features(contents)
    if contents.calibrator is not None:
        calibrator_of(contents.calibrator)
    _clock(contents)
    _events(contents)


def _vectors(contents: "Contents") -> None:
    checks.matrix("products", contents.products, None, None)
    dim = contents.products.shape[1]
    checks.matrix("customers", contents.customers, None, dim)
    if contents.default_customer is not None:
        checks.vector("default_customer", contents.default_customer, dim)
    if contents.touchpoints is not None:
        checks.matrix("touchpoints", contents.touchpoints, len(contents.touchpoint_names), dim)


def _fold_in(contents: "Contents") -> None:
    count, dim = contents.products.shape
    if contents.fold_in_products is not None:
        checks.matrix("fold_in_products", contents.fold_in_products, count, None)
        if contents.fold_in_products.shape[1] > dim:
            raise InputError(
                f"contents.fold_in_products: expected at most {dim} columns, "
                f"{checks.got(contents.fold_in_products)}"
            )
    if contents.fold_in_gram is not None:
        if contents.fold_in_products is None:
            raise InputError("contents.fold_in_gram: needs fold_in_products beside it")
        width = contents.fold_in_products.shape[1]
        checks.matrix("fold_in_gram", contents.fold_in_gram, width, width)
        checks.positive_definite("fold_in_gram", contents.fold_in_gram)
    _fold_in_rule(contents, count, dim)


def _fold_in_rule(contents: "Contents", count: int, dim: int) -> None:
    width = 0 if contents.fold_in_products is None else contents.fold_in_products.shape[1]
    sizes = {
        "fold_in_actions": len(contents.event_action_names), "fold_in_rule": 3,
        "fold_in_scale": count, "fold_in_rest": dim - width,
        "fold_in_degrees": len(contents.customers),
    }  # fmt: skip
    for name, size in sizes.items():
        value = getattr(contents, name)
        if value is not None:
            checks.vector(name, value, size)
    if contents.fold_in_rule is not None and (
        contents.fold_in_products is None or contents.fold_in_actions is None
    ):
        raise InputError("contents.fold_in_rule: needs fold_in_products and fold_in_actions")


def _features(contents: "Contents") -> None:
    if contents.features is None:
        return
    factors, scale = contents.fold_in_products, contents.fold_in_scale
    width = None if factors is None else factors.shape[1]
    contents.features.check(contents.products.shape[1], width, scaled=scale is not None)


def _ids(contents: "Contents") -> None:
    checks.ids("customer_ids", contents.customer_ids, len(contents.customers))
    checks.ids("product_ids", contents.product_ids, len(contents.products))
    checks.names("touchpoint_names", contents.touchpoint_names)
    checks.names("event_action_names", contents.event_action_names)
    checks.integers("customer_strands", contents.customer_strands, len(contents.customers))
    checks.texts("product_names", contents.product_names, len(contents.products))
    checks.texts("product_categories", contents.product_categories, len(contents.products))


def _rules(contents: "Contents") -> None:
    checks.integers("product_valid_from", contents.product_valid_from, len(contents.products))
    checks.integers("product_valid_to", contents.product_valid_to, len(contents.products))
    shape = (len(contents.customers), len(contents.touchpoint_names))
    if contents.consent is not None and (
        contents.consent.dtype != np.bool_ or contents.consent.shape != shape
    ):
        raise InputError(f"contents.consent: expected bool {shape}, {checks.got(contents.consent)}")
    of_unknown = contents.default_consent
    if of_unknown is not None and (of_unknown.dtype != np.bool_ or of_unknown.shape != shape[1:]):
        raise InputError(
            f"contents.default_consent: expected bool {shape[1:]}, {checks.got(of_unknown)}"
        )


def _clock(contents: "Contents") -> None:
    if contents.clock not in (None, "timestamp", "order"):
        raise InputError(
            f"contents.facts: expected the clock 'timestamp' or 'order', got {contents.clock!r}"
        )
    if contents.as_of is None:
        return
    if not isinstance(contents.as_of, int) or contents.clock is None:
        raise InputError(
            "contents.facts: expected as_of as an int beside its clock, got "
            f"as_of={contents.as_of!r}, clock={contents.clock!r}"
        )
    _times(contents, "as_of", np.array([contents.as_of]))


def _events(contents: "Contents") -> None:
    parts = (contents.event_customers, contents.event_products, contents.event_weights)
    details = (contents.event_actions, contents.event_touchpoints, contents.event_when)
    if (
        contents.event_customers is None
        or contents.event_products is None
        or contents.event_weights is None
    ):
        if any(part is not None for part in (*parts, *details)):
            raise InputError(
                "contents: event_customers, event_products and event_weights go together"
            )
        return
    count = len(contents.event_customers)
    checks.integers("event_customers", contents.event_customers, count, 0, len(contents.customers))
    checks.integers("event_products", contents.event_products, count, 0, len(contents.products))
    checks.vector("event_weights", contents.event_weights, count)
    actions, touchpoints = len(contents.event_action_names), len(contents.touchpoint_names)
    checks.integers("event_actions", contents.event_actions, count, 0, min(actions, 127))
    checks.integers("event_touchpoints", contents.event_touchpoints, count, -1, touchpoints)
    checks.integers("event_when", contents.event_when, count)
    if contents.event_when is not None:
        _times(contents, "event_when", contents.event_when[contents.event_when != OPEN_END])


def _times(contents: "Contents", name: str, times: IntArray) -> None:
    strange = (times < FIRST_SECOND) | (times > LAST_SECOND)
    if contents.clock == "timestamp" and strange.any():
        raise InputError(
            f"contents.{name}: expected UTC seconds of the years 1 to 9999, "
            f"got {times[strange][0]}; are these milliseconds?"
        )
