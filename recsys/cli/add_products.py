"""Adds new products to an artifact by their features, until the next training.

recsys add_products artifact=FOLDER products=FILE out=FOLDER

Products that the artifact already has stay as they are, so FILE may be the whole product table.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from recsys.cli.words import Key, key_values, new_folder, truth
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.serving import load, write
from recsys.serving.artifact.index import index_kind
from recsys.serving.artifact.precision import precision_of
from recsys.serving.product_file import new_products
from recsys.serving.storage import require_free

KEYS = {
    "artifact": Key("artifact to read", "FOLDER"),
    "products": Key("table of products: a Parquet or CSV file", "FILE"),
    "out": Key("folder for the new artifact", "FOLDER"),
    "overwrite": Key("true replaces an artifact in that folder", default="false"),
}


def main(words: Sequence[str]) -> None:
    """Reads an artifact, adds products to it and writes the result.

    Args:
        words: key=value.

    Raises:
        InputError: a word, the artifact or the table is wrong, or the folder is not free.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if not {"artifact", "products", "out"} <= set(given):
        raise InputError("say artifact=FOLDER, products=FILE and out=FOLDER")
    out = new_folder("out", given["out"])
    overwrite = truth("overwrite", given["overwrite"])
    require_free(out.resolve(), overwrite)
    artifact = load(given["artifact"])
    products = new_products(Path(given["products"]), artifact)
    contents = artifact.with_products(products).contents
    facts = dict(contents.facts)
    facts["products_added"] = facts.get("products_added", 0) + len(products)
    kind = "exact" if artifact.index is None else artifact.index.kind
    kept_as = facts.get("fidelity", {}).get("precision", "float32")
    write(out, replace(contents, facts=facts), overwrite, index_kind(kind), precision_of(kept_as))
    say(f"{len(products):,} new products, {len(contents.products):,} in all in {out}")
