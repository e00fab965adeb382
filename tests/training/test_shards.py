"""Which rows a process holds, what it draws for them, and when tables are sharded at all."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.models.graph_network import GraphNetwork
from recsys.models.lightgcn import LightGCN
from recsys.training.processes import ALONE, Processes
from recsys.training.shards import Shard, ShardedRows, choice, table, whole
from recsys.training.shards.choice import bytes_of_fit, is_sharded

CPU = torch.device("cpu")


@given(size=st.integers(0, 10_000), width=st.integers(1, 20), count=st.integers(1, 5))
def test_processes_draw_the_rows_of_one_draw(size: int, width: int, count: int) -> None:
    for draw in (torch.randn, torch.rand):
        generator = torch.Generator().manual_seed(size)
        wanted = draw(size, width, generator=generator)
        after = draw(3, generator=generator)
        parts = []
        for rank in range(count):
            own = torch.Generator().manual_seed(size)
            shard = Shard(size, Processes(rank, count))
            parts.append(shard.drawn(lambda rows: draw(rows, width, generator=own)))  # noqa: B023
            torch.testing.assert_close(draw(3, generator=own), after, rtol=0, atol=0)
        torch.testing.assert_close(torch.cat(parts), wanted, rtol=0, atol=0)


def test_parts_are_whole_and_no_part_is_larger_than_the_largest() -> None:
    for size in (0, 1, 5, 1000):
        for count in (1, 2, 7):
            parts = Shard(size, Processes(0, count)).parts
            lengths = [part.stop - part.start for part in parts]
            assert sum(lengths) == size
            assert max(lengths) == Shard(size, Processes(0, count)).largest


def test_one_process_keeps_its_tensor() -> None:
    vectors = torch.ones(3, 2)
    assert table(vectors, Shard(3)) is vectors
    assert whole(vectors) is vectors
    (block,) = Shard(3).blocks(vectors)
    assert block is vectors
    assert Shard(3).gathered(vectors) is vectors
    assert isinstance(table(vectors, Shard(6, Processes(0, 2))), ShardedRows)


def test_auto_shards_what_would_exceed_half_of_a_process_share_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Eight float32 tables of 1,000 x 64.
    assert bytes_of_fit(1000, 64) == 8 * 1000 * 64 * 4 == 2_048_000
    monkeypatch.setattr(Processes, "told_by_first", lambda _, value: value)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    for memory, wanted in ((8_192_000, False), (8_191_000, True)):
        monkeypatch.setattr(choice, "machine_bytes", lambda memory=memory: memory)
        assert is_sharded("auto", 1000, 64, CPU, Processes(0, 2)) is wanted
        assert is_sharded("auto", 1000, 64, CPU, ALONE) is False
    assert is_sharded(True, 1, 1, CPU, Processes(0, 2)) is True
    assert is_sharded(True, 1, 1, CPU, ALONE) is False
    assert is_sharded(False, 10**12, 64, CPU, Processes(0, 2)) is False


def test_a_network_that_needs_all_vectors_is_refused_before_the_fit() -> None:
    class Own(GraphNetwork):
        network = LightGCN.network

    with pytest.raises(InputError, match=r"model\.shard=true: Own holds all vectors") as refused:
        Own(shard=True)
    assert refused.value.key == "model.shard"
    assert Own(shard="auto").shard == "auto"
    with pytest.raises(InputError, match=r"model\.shard: expected true, false or auto, got 'yes'"):
        LightGCN(shard="yes")  # type: ignore[arg-type]
