"""Alternating least squares over blocks of customers in Spark, with the steps of `alternating`.

A block holds the confidences and the vectors of some customers, and never leaves its executor
until the end. Customers take their step block by block, against the vectors of all products. For
the step of products each block sums what its customers add to the residual and to the matrices'
products with the directions, so that only [P, dim] arrays travel:

    residual_p = sum_c c_cp x_c - (X'X + l2 I) y_p - sum_c (c_cp - 1) x_c x_c'y_p

Why not `pyspark.ml.recommendation.ALS`: it multiplies the regularisation of a row by its number of
positive ratings, so that no setting of it solves the problem of `recsys.models.als`.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits
from torch import Tensor

from recsys.arrays import FloatArray
from recsys.training.bipartite_graph import Half, check_matrix
from recsys.training.exact_least_squares import solved
from recsys.training.initial_vectors import initial_vectors
from recsys.training.least_squares import (
    conjugate_gradients,
    gram_of,
    improved,
    of_entries,
)
from recsys.training.row_systems import Entries

_BLOCK_NUMBERS = 2**26
"""Blocks are cut so that the vectors of one stay below 256 MiB."""

_Sums: TypeAlias = tuple[FloatArray, ...]


class Block(NamedTuple):
    """Some customers: their confidences [c, P] and vectors [c, dim] float32."""

    confidence: csr_array
    vectors: FloatArray


def alternate_in_spark(
    spark: Any,
    confidence: csr_array,
    *,
    dim: int,
    epochs: int,
    l2: float,
    seed: int,
    blocks: int | None = None,
    after: Callable[[int, FloatArray, FloatArray], None] | None = None,
    is_due: Callable[[int], bool] = lambda _: True,
) -> tuple[FloatArray, FloatArray]:
    """Vectors of customers and products after some alternations, customers solved exactly at last.

    Args:
        spark: session; its workers can import this library.
        confidence: [C, P] float32, entries of at least 1.
        dim: length of the vectors.
        epochs: number of alternations.
        l2: weight of the squared norms.
        seed: of the initial vectors.
        blocks: number of parts of the customers; by default as many as Spark runs at once, and
            more where a part would exceed 256 MiB. It changes results by rounding only.
        after: called after an epoch, from 1, with the current vectors.
        is_due: whether it is, by epoch; collecting the customers takes time.

    Returns:
        Customers [C, dim] and products [P, dim] float32; NaN where `l2` is too small to solve.
    """
    # Imported late, as pyspark always is.
    from pyspark import StorageLevel

    parts, products = _start(spark, confidence, dim, seed, blocks)
    for epoch in range(1, epochs + 1):
        former, shared = parts, spark.sparkContext.broadcast(products)
        parts = former.map(lambda block, shared=shared: _stepped(block, shared.value, l2))
        # In memory alone, blocks that do not fit would be computed anew from the first epoch on.
        parts.persist(StorageLevel.MEMORY_AND_DISK)
        products = _products_stepped(spark, parts, products, l2)
        former.unpersist()
        # Kept by the driver: a lost executor computes its blocks again from the first on.
        shared.unpersist()
        if after is not None and is_due(epoch):
            after(epoch, _joined(parts.map(lambda block: block.vectors)), products)
    shared = spark.sparkContext.broadcast(products)
    customers = _joined(parts.map(lambda block: _solved(block, shared.value, l2)))
    parts.unpersist()
    shared.destroy()
    return customers, products


def _start(
    spark: Any, confidence: csr_array, dim: int, seed: int, blocks: int | None
) -> tuple[Any, FloatArray]:
    """The blocks as an RDD of one block a partition, and the vectors of products."""
    check_matrix(confidence)
    context, rows = spark.sparkContext, confidence.shape[0]
    count = blocks or max(context.defaultParallelism, rows * dim // _BLOCK_NUMBERS + 1)
    ends = np.linspace(0, rows, min(count, rows) + 1).astype(int)
    customers, products = initial_vectors(confidence.shape, dim, seed)
    cut = [Block(confidence[start:end], customers[start:end]) for start, end in pairwise(ends)]
    return context.parallelize(cut, len(cut)), products


def _products_stepped(spark: Any, parts: Any, products: FloatArray, l2: float) -> FloatArray:
    """Vectors of products [P, dim] after some conjugate gradients against all blocks."""

    def summed(task: Callable[[Block, FloatArray], _Sums], to: Tensor) -> list[Tensor]:
        shared = spark.sparkContext.broadcast(to.numpy())
        sums = parts.map(lambda block: task(block, shared.value)).treeReduce(_added)
        shared.destroy()
        return [torch.from_numpy(array) for array in sums]

    start = torch.from_numpy(products)
    counts, targets, of_start, gram = summed(_first_sums, start)
    gram.diagonal().add_(l2)
    start = start * (counts > 0)[:, None]
    residual = targets - torch.addmm(of_start, start, gram)

    def applied(to: Tensor) -> Tensor:
        return torch.addmm(summed(_entries_sum, to)[0], to, gram)

    return conjugate_gradients(start, residual, applied).numpy()


def _stepped(block: Block, products: FloatArray, l2: float) -> Block:
    vectors = improved(
        _half(block.confidence), torch.from_numpy(block.vectors), torch.from_numpy(products), l2
    )
    return Block(block.confidence, vectors.numpy())


def _solved(block: Block, products: FloatArray, l2: float) -> FloatArray:
    try:
        # Spark runs a process for each core.
        with threadpool_limits(1, "blas"):
            entries = Entries.of(block.confidence, np, "cpu")
            vectors: FloatArray = solved(entries, products, l2, np)
            return vectors
    except np.linalg.LinAlgError:
        # Passed on, it would reach the driver as a page of Java.
        return np.full_like(block.vectors, np.nan)


def _first_sums(block: Block, products: FloatArray) -> _Sums:
    """Entries [P] of each product, c x summed [P, dim], (c - 1) x x'y summed, and X'X."""
    half, vectors = _half(block.confidence.T.tocsr()), torch.from_numpy(block.vectors)
    rows = torch.repeat_interleave(half.lengths)
    of_start = of_entries(half, rows, torch.from_numpy(products), vectors)
    sums = (half.lengths, half @ vectors, of_start, gram_of(vectors))
    return tuple(array.numpy() for array in sums)


def _entries_sum(block: Block, to: FloatArray) -> _Sums:
    """(c - 1) x x'v summed [P, dim], of directions v [P, dim]."""
    half, vectors = _half(block.confidence.T.tocsr()), torch.from_numpy(block.vectors)
    rows = torch.repeat_interleave(half.lengths)
    return (of_entries(half, rows, torch.from_numpy(to), vectors).numpy(),)


def _half(matrix: csr_array) -> Half:
    # Spark runs a process for each core.
    torch.set_num_threads(1)
    return Half.from_matrix(matrix, "cpu")


def _added(left: _Sums, right: _Sums) -> _Sums:
    return tuple(one + other for one, other in zip(left, right, strict=True))


def _joined(arrays: Any) -> FloatArray:
    # Not as an iterator: that computes one block after the other, and its reader gives up waiting.
    return np.concatenate(arrays.collect())
