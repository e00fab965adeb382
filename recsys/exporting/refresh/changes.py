"""What a refresh changed, in numbers: for the manifest, the model card and the command."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recsys.arrays import BoolArray
from recsys.exporting.refresh.aligned import Aligned
from recsys.exporting.refresh.events import Refolded
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.offer_table import OfferTable


def changes(
    old: Contents, new: Contents, tables: Aligned, folded: Refolded, left_out: int
) -> dict[str, int]:
    """Kind of change -> number of it, 0 where nothing of the kind changed.

    Args:
        old: contents before.
        new: contents after.
        tables: the new tables.
        folded: what new events changed.
        left_out: number of new products without a feature that has an effect.
    """
    known, products = len(tables.kept), len(old.products)
    given, withdrawn = _consents(old, new, tables)
    offers = {str(id_) for id_ in old.offer_ids} if old.offers is not None else set()
    now = {str(id_) for id_ in new.offer_ids} if new.offers is not None else set()
    return {
        "consents given": given,
        "consents withdrawn": withdrawn,
        "new customers": len(new.customers) - known,
        "customers missing": tables.missing,
        "customers dropped": len(old.customers) - known,
        "new products": len(new.products) - products,
        "new products left out": left_out,
        "products changed": int(_changed_products(old, new).sum()),
        "products withdrawn": int(tables.withdrawn.sum()),
        "new offers": len(now - offers),
        "offers gone": len(offers - now),
        "offers changed": len(_changed_offers(old.offers, new.offers)),
        "values changed": _changed_values(old, new),
        "new events": folded.new,
        "customers folded in": folded.folded,
    }


def refreshed_facts(
    old: Mapping[str, Any], tables: Aligned, counts: Mapping[str, int], source: str
) -> dict[str, Any]:
    """The facts of the training, the end of the new tables, and a part `refreshed`.

    Args:
        old: facts before.
        tables: the new tables.
        counts: see `changes`.
        source: SHA-256 of the manifest of the artifact that is refreshed.
    """
    before, data = old.get("refreshed") or {}, tables.data
    facts = {**old, "as_of": data.as_of_seconds if data.clock == "timestamp" else data.as_of}
    facts["refreshed"] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"name": data.name, "fingerprint": data.fingerprint},
        "from": source,
        "times": before.get("times", 0) + 1,
        "trained_as_of": before.get("trained_as_of", old.get("as_of")),
        "changes": dict(counts),
    }
    if counts["new products"]:
        facts["products_added"] = old.get("products_added", 0) + counts["new products"]
    return facts


def _consents(old: Contents, new: Contents, tables: Aligned) -> tuple[int, int]:
    """Pairs of a known customer and a touchpoint that were opened, and closed."""
    before, after = old.customers.consent, new.customers.consent
    if before is None or after is None:
        return 0, 0
    was, now = before[tables.kept], after[: len(tables.kept)]
    return int((now & ~was).sum()), int((was & ~now).sum())


def _changed_products(old: Contents, new: Contents) -> BoolArray:
    """[P] known products whose name, category or dates are others."""
    before, after, count = old.products, new.products, len(old.products)
    changed = np.zeros(count, dtype=bool)
    for field in ("names", "categories", "valid_from", "valid_to"):
        was, now = getattr(before, field), getattr(after, field)
        if was is not None and now is not None:
            pairs = zip(was, list(now)[:count], strict=True)
            changed |= np.array([(one or None) != (other or None) for one, other in pairs])
        elif was is not None or now is not None:
            changed |= True
    return changed


def _changed_offers(old: OfferTable | None, new: OfferTable | None) -> set[str]:
    """Ids that both have, with other products, dates, touchpoints or messages."""
    if old is None or new is None:
        return set()
    before, after = _by_id(old), _by_id(new)
    return {id_ for id_ in before.keys() & after.keys() if before[id_] != after[id_]}


def _by_id(table: OfferTable) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {}
    variants = table.variants or [None] * len(table)
    dates = zip(table.touchpoints.tolist(), table.valid_from.tolist(), table.valid_to.tolist(),
                strict=True)  # fmt: skip
    for row, (id_, variant, cells) in enumerate(zip(table.ids, variants, dates, strict=True)):
        products = table.products[table.starts[row] : table.starts[row + 1]].tolist()
        rows.setdefault(str(id_), []).append((products, variant, *cells))
    return rows


def _changed_values(old: Contents, new: Contents) -> int:
    """Number of offers that both have and that are worth another sum."""
    if old.decisions is None or new.decisions is None:
        return 0
    before, after = (
        dict(zip(map(str, contents.offer_ids), contents.decisions.values.tolist(), strict=True))
        for contents in (old, new)
        if contents.decisions is not None
    )
    return sum(before[id_] != after[id_] for id_ in before.keys() & after.keys())
