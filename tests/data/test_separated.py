"""Separated text as a stream: blocks, empty cells, whole numbers, which line is at fault."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.categories import plain
from recsys.data.kinds import Kind
from recsys.data.sources import separated
from recsys.data.sources.separated import Streamed, stream_text
from recsys.data.sources.text_file import TextFile
from recsys.errors import InputError
from recsys.ops.memory import Memory

KINDS: dict[str, Kind] = {"who": "id", "when": "moment", "stars": "number"}


def file(path: Path, **settings: Any) -> TextFile:
    names = ("who", "skipped", "stars", "when")
    return TextFile(**{"path": path, "names": names, "separator": "\t", **settings})


def stream(path: Path, **settings: Any) -> Streamed:
    return stream_text([file(path, **settings)], KINDS, Memory(), required=("who",))


def test_columns_are_chosen_and_typed(tmp_path: Path) -> None:
    path = tmp_path / "log.tsv"
    path.write_text("a header\n007\tx\t1.5\t1.25\n\n7\t\t\t\r\n")
    frame, sizes = stream(path)
    assert sizes == [2]
    assert list(frame.columns) == ["who", "when", "stars"]
    assert plain(frame["who"]).tolist() == ["007", "7"]
    assert frame["stars"].iloc[0] == 1.5
    assert np.isnan(frame["stars"].iloc[1])
    assert frame["when"].iloc[0] == pd.Timestamp("1970-01-01 00:00:01.25", tz="UTC")
    assert frame["when"].iloc[1] is pd.NaT


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_header_alone_is_no_row(tmp_path: Path, end: str) -> None:
    path = tmp_path / "log.tsv"
    path.write_text(f"a header{end}")
    frame, sizes = stream(path)
    assert (len(frame), sizes) == (0, [0])


def test_a_block_more_or_less_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.tsv"
    rows = [f"u{row % 37}\tx\t{row}\t{row * 1_000}" for row in range(3_000)]
    path.write_text("\n".join(["header", *rows]) + "\n")
    whole = stream(path).frame
    monkeypatch.setattr(separated, "_BLOCK", 1_000)
    small = stream(path).frame
    pd.testing.assert_frame_equal(
        small.assign(who=plain(small["who"])), whole.assign(who=plain(whole["who"]))
    )
    path.write_text("\n".join(["header", *rows, "", "u1\tx\tbad\t1"]) + "\n")
    with pytest.raises(InputError, match=r"log.tsv: line 3,003, column 'stars': .* got 'bad'"):
        stream(path)
    path.write_text("\n".join(["header", *rows, "", "\tx\t1\t1"]) + "\n")
    with pytest.raises(InputError, match=r"log.tsv: line 3,003, column 'who': expected a value"):
        stream(path)


def test_several_files_are_one_table(tmp_path: Path) -> None:
    first, second = tmp_path / "1.tsv", tmp_path / "2.tsv"
    first.write_text("h\n1\tx\t1\t1\n")
    second.write_text("h\n3\t7\t5\n2\t8\t6\n")
    others = TextFile(path=second, names=("who", "when", "stars"), separator="\t")
    frame, sizes = stream_text([file(first), others], KINDS, Memory())
    assert sizes == [1, 2]
    assert plain(frame["who"]).tolist() == [1, 3, 2]
    assert frame["stars"].tolist() == [1.0, 5.0, 6.0]


@given(
    ids=st.lists(
        st.one_of(st.integers(0, 10**17).map(str), st.text("ab0;,", min_size=1)), min_size=1
    )
)
def test_ids_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    path = tmp_path_factory.mktemp("ids") / "log.tsv"
    path.write_text("h\n" + "".join(f"{name}\tx\t1\t1\n" for name in ids))
    column = plain(stream(path).frame["who"])
    assert [str(cell) for cell in column] == ids


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "log.tsv is empty: expected rows; export it again"),
        (b"h\na\xff\tx\t1\t1\n", "line 2, column 'who': expected UTF-8, got 'other bytes'; save"),
        (b"h\na\tx\t1\n", "line 2: expected 4 fields, got 3"),
        (b"h\na\tx\t1\t9e9\na\tx\t1\t-9.1e9\n", "line 3, column 'when': expected seconds since"),
        (b"h\na\tx\t1\tinf\n", "expected seconds since 1970, got 'inf'; fix the value or drop"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "log.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        stream(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folders_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read: Is a directory"):
        stream(tmp_path)
    with pytest.raises(InputError, match=r"gone.tsv cannot be read: .*No such file"):
        stream(tmp_path / "gone.tsv")
