"""`refresh`: new tables into an artifact, without a fit and in one step."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.exporting.contents import product_table
from recsys.exporting.moments import moment_part
from recsys.exporting.offers import offer_table
from recsys.exporting.refresh.aligned import Aligned, aligned
from recsys.exporting.refresh.changes import changes, refreshed_facts
from recsys.exporting.refresh.checks import require_refreshable
from recsys.exporting.refresh.events import refolded
from recsys.exporting.refresh.policy import decisions_of, policy_of
from recsys.exporting.refresh.products import new_products
from recsys.policy.consent import consent_mask, consent_of_unknown
from recsys.policy.rules.policy import Policy
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.customer_table import CustomerTable
from recsys.serving.artifact.index import index_kind
from recsys.serving.artifact.new_products import grown
from recsys.serving.artifact.precision import precision_of
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.default_vector import default_vector
from recsys.serving.storage import ReplacedError, digest_of, load, require_free, write


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """A refreshed artifact.

    Attributes:
        folder: of the artifact.
        digest: SHA-256 of its manifest.
        changes: kind of change -> number of it.
        customers, products, offers: number of each.
    """

    folder: Path
    digest: str
    changes: Mapping[str, int]
    customers: int
    products: int
    offers: int


def refresh(
    folder: str | os.PathLike[str],
    data: Dataset,
    out: str | os.PathLike[str] | None = None,
    *,
    policy: Policy | str | Path | None = None,
    drop_missing: bool = False,
    overwrite: bool = False,
) -> Refreshed:
    """Takes new consents, products, prices, dates, offers, customers and events into an artifact.

    Nothing is learnt. Vectors of products and touchpoints, and of customers without new events,
    stay as they are; events since the export are folded in. Where another process replaces the
    artifact meanwhile, the tables are taken into what it wrote.

    Args:
        folder: of the artifact.
        data: all tables of the same data set, as complete as for a training.
        out: where to write the result; None to replace the artifact.
        policy: the policy that the artifact decides by, a shipped one, a .yaml file or what
            `read_policy` returned; None where there is none, or it is a shipped one.
        drop_missing: whether customers that the tables do not have are removed; else they keep
            their vectors, without consent where the data have columns of consent.
        overwrite: whether an artifact in `out` may be replaced.

    Raises:
        InputError: it is no artifact, the tables are no newer tables of its data set, or the result
            cannot be written. Nothing is changed then.
    """
    source = Path(folder)
    target = source if out is None else Path(out)
    if out is not None:
        require_free(target.resolve(), overwrite)
    while True:
        artifact = load(source)
        contents = refreshed(artifact, data, policy, drop_missing)
        index = "exact" if artifact.index is None else artifact.index.kind
        kept_as = contents.facts.get("fidelity", {}).get("precision", "float32")
        try:
            write(
                target,
                contents,
                out is None or overwrite,
                index_kind(index),
                precision_of(kept_as),
                replaces=artifact.digest if out is None else None,
            )
        except ReplacedError:
            continue
        return Refreshed(
            folder=target,
            digest=digest_of(target),
            changes=contents.facts["refreshed"]["changes"],
            customers=len(contents.customers),
            products=len(contents.products),
            offers=contents.counts["offers"],
        )


def refreshed(
    artifact: Artifact, data: Dataset, policy: Policy | str | Path | None, drop_missing: bool
) -> Contents:
    """The contents of an artifact with new tables; arguments as for `refresh`.

    Raises:
        InputError: as `refresh`.
    """
    old = artifact.contents
    require_refreshable(artifact, data)
    stated = policy_of(old, policy)
    products, left_out = new_products(old, data)
    # The rules are compiled again, for all products.
    larger, product_ids = replace(old, decisions=None, moments=None), artifact.products
    if products:
        larger, product_ids = grown(larger, product_ids, products)
    default = default_vector(larger)
    tables = aligned(larger, data, takes_new=default is not None, drop_missing=drop_missing)
    folded = refolded(larger, product_ids, tables, default)
    fold_in = larger.fold_in
    if fold_in is not None and fold_in.degrees is not None:
        fold_in = replace(fold_in, degrees=folded.degrees)
    new = replace(
        larger,
        customers=_customers(old, tables, folded.vectors),
        products=product_table(tables.data, larger.products.vectors),
        offers=offer_table(tables.data),
        events=folded.events,
        fold_in=fold_in,
        moments=None if old.moments is None else moment_part(old.moments.model, tables.data),
    )
    if stated is not None:
        new = replace(new, decisions=decisions_of(stated, tables.data, old, new))
    counts = changes(old, new, tables, folded, left_out)
    facts = refreshed_facts(old.facts, tables, counts, artifact.digest)
    if stated is not None:
        facts["acceptance"] = {**facts.get("acceptance", {}), "policy": stated.name}
    return replace(new, facts=facts)


def _customers(old: Contents, tables: Aligned, vectors: FloatArray) -> CustomerTable:
    has_touchpoints = len(tables.data.touchpoints) > 0
    return replace(
        old.customers,
        vectors=vectors,
        ids=tables.data.customers.ids,
        consent=consent_mask(tables.data) if has_touchpoints else None,
        default_consent=consent_of_unknown(tables.data) if has_touchpoints else None,
    )
