"""Writing an artifact, and loading it.

An artifact is a folder with `embeddings.safetensors` (all arrays), `ids.parquet`, `rules.json`,
`MODEL_CARD.md`, `manifest.json` with the hashes of the others, and, where wanted, an approximate
index. No file is a pickle.

The hashes detect damage, not origin: anybody who can write the folder can write new hashes. A
malicious file raises an error of one line, and takes no more memory than its size justifies. The
exception is an index, which native code of faiss reads: load one of unknown origin with
`exact=True`.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
from safetensors import SafetensorError
from safetensors.numpy import save_file

from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.ops.whole_folder import current, open_as_usual, replaced
from recsys.serving.artifact import (
    ids_file,
    index,
    manifest,
    mapped,
    model_card,
    precision,
    stored_arrays,
)
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.query.artifact import Artifact

VECTORS, IDS, RULES = "embeddings.safetensors", "ids.parquet", "rules.json"
FILES = (VECTORS, IDS, RULES, model_card.NAME)
_RULE_BYTES, _LINE = 2**24, 300
_UNREADABLE = (
    OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError,
    RecursionError, MemoryError, SafetensorError, pa.ArrowException,
)  # fmt: skip


class ReplacedError(InputError):
    """The artifact that was to be replaced is another one by now."""


def write(
    folder: str | os.PathLike[str],
    contents: Contents,
    overwrite: bool = False,
    index_kind: index.Kind = "exact",
    kept_as: precision.Precision = "float32",
    replaces: str | None = None,
) -> None:
    """Writes an artifact in one step: after a crash the folder is as it was before.

    Args:
        folder: of the artifact; missing parents are created.
        contents: what to write.
        overwrite: whether an existing artifact may be replaced.
        index_kind: "exact", or the kind of an approximate index of the products: "hnsw", "ivfpq".
        kept_as: type in which vectors are stored: "float32", "float16" or "int8".
        replaces: `Artifact.digest` of the artifact that the contents were made from; only that one
            is replaced. None for any.

    Raises:
        ReplacedError: another process has replaced that artifact.
        InputError: an id or an event appears twice, the folder holds something else or an artifact
            that may not be replaced, or it cannot be written.
    """
    index.require_usable(index_kind)
    customers = SortedIds.build("customer", contents.customers.ids, contents.customers.strands)
    products = SortedIds.build("product", contents.products.ids)
    contents = contents.with_sorted_events()
    target = Path(folder).resolve()
    try:
        require_free(target, overwrite)
        with replaced(target, lambda: _allow(target, overwrite, replaces)) as draft:
            _fill(draft, contents, customers, products, index_kind, kept_as)
    except (OSError, SafetensorError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise InputError(f"the artifact cannot be written to {target}: {why}") from None


def load(folder: str | os.PathLike[str], exact: bool = False) -> Artifact:
    """Loads an artifact after checking every file; needs only numpy, pyarrow and safetensors.

    Vectors are mapped from the file into memory: replace an artifact as a whole, never in place.

    Args:
        folder: that an export wrote.
        exact: whether to ignore an approximate index; nothing else needs faiss.

    Raises:
        InputError: there is no artifact, it is damaged, or its format is newer than this version.
    """
    while True:
        source = current(Path(folder))
        raw = manifest.read(source)
        try:
            artifact = _load(source, raw, exact)
        except InputError:
            if _is_same(source, raw):
                raise
        else:
            # An export that finished meanwhile must not leave new ids beside old vectors.
            if _is_same(source, raw):
                return artifact


def digest_of(folder: str | os.PathLike[str]) -> str:
    """`Artifact.digest` of the artifact in a folder, of which only the manifest is read.

    Raises:
        InputError: there is none.
    """
    return _digest(manifest.read(current(Path(folder))))


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _allow(target: Path, overwrite: bool, replaces: str | None) -> None:
    require_free(target, overwrite)
    if replaces is not None and digest_of(target) != replaces:
        raise ReplacedError(f"{target} was replaced by another process; try again")


def _fill(
    draft: Path,
    contents: Contents,
    customers: SortedIds,
    products: SortedIds,
    index_kind: index.Kind,
    kept_as: precision.Precision,
) -> None:
    text, arrays = stored_arrays.packed(contents, kept_as)
    # safetensors ignores strides.
    contiguous = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    save_file(contiguous, draft / VECTORS)
    # It also makes the file readable for its owner only; another user may serve.
    open_as_usual(draft / VECTORS)
    ids_file.write(draft / IDS, contents, customers, products)
    (draft / RULES).write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")
    (draft / model_card.NAME).write_text(model_card.text(contents), encoding="utf-8")
    about = None
    if index_kind != "exact":
        # Build it from the vectors that will be loaded.
        of_customers, of_products = (precision.unpacked(name, arrays) for name in precision.PACKED)
        about = index.build(draft / index.NAME, index_kind, of_products, of_customers)
    names = FILES if about is None else (*FILES, index.NAME)
    manifest.write(draft, contents, names, about)


def _load(source: Path, raw: bytes, exact: bool) -> Artifact:
    body = manifest.parse(source, raw)
    try:
        about = body.get("index")
        names = FILES if about is None else (*FILES, index.NAME)
        files = manifest.checked_files(source, body, names)
        arrays = mapped.arrays(files[VECTORS])
        stored_arrays.require_counts(body["counts"], arrays)
        if len(files[RULES]) > _RULE_BYTES:
            raise ValueError(f"{RULES} has {len(files[RULES]):,} bytes")
        text = json.loads(files[RULES][:])
        ids = ids_file.read(files[IDS], body["counts"])
        contents = stored_arrays.restored(ids, arrays, text, manifest.facts(body))
        if contents.events is not None:
            contents.events.require_sorted()
        approximate = None
        if about is not None and not exact:
            approximate = index.restored(files[index.NAME], about, contents.products.vectors.shape)
    except InputError:
        raise
    except _UNREADABLE as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else _line(error)
        raise InputError(f"the artifact {source} cannot be read: {why}") from None
    return Artifact(
        contents=contents,
        customers=ids.customers,
        products=ids.products,
        index=approximate,
        digest=_digest(raw),
    )


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:_LINE] if lines else type(error).__name__


def _is_same(source: Path, raw: bytes) -> bool:
    try:
        return manifest.read(source) == raw
    except InputError:
        return False


def require_free(target: Path, overwrite: bool) -> None:
    """Raises `InputError` unless an artifact may be written to a folder.

    Args:
        target: the folder: missing, empty, or an artifact.
        overwrite: whether an artifact may be replaced.
    """
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not target.is_dir():
        raise InputError(f"{target} is a file; give a folder for the artifact")
    try:
        body = manifest.parse(target, manifest.read(target))
    except InputError:
        raise InputError(
            f"{target} is not empty and not an artifact that this recsys knows, so it is left "
            "alone; give another folder"
        ) from None
    others = {path.name for path in target.iterdir()} - {*body["files"], manifest.NAME}
    if others:
        raise InputError(
            f"{target} also holds {', '.join(sorted(others))}, which replacing the artifact "
            "would delete; move it elsewhere"
        )
    if not overwrite:
        raise InputError(f"{target} already holds an artifact; say overwrite=true to replace it")
