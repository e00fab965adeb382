"""Tables of vectors of which each process holds consecutive rows."""

from recsys.training.shards.rows import ShardedRows, Table, replicated, table, whole
from recsys.training.shards.shard import Shard

__all__ = ["Shard", "ShardedRows", "Table", "replicated", "table", "whole"]
