"""Opens files of text, plain or compressed by gzip, and bounds what the latter unpack to."""

import gzip
import io
import zlib
from pathlib import Path
from typing import IO

from recsys.errors import InputError
from recsys.ops.parquet_bounds import MOST_BYTES, TIMES_ITS_SIZE


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked if its name ends in .gz."""
    if path.suffix.lower() != ".gz":
        return path.open("rb")
    return gzip.open(path, "rb")  # type: ignore[return-value]


def open_text(path: Path, encoding: str, errors: str = "strict") -> IO[str]:
    """The text of a file, unpacked if its name ends in .gz; line ends stay as they are."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, errors=errors, newline="")


def refuse_unbounded_gzip(path: Path) -> None:
    """Refuses a file that is damaged, or unpacks to far more than tables of its size hold.

    Raises:
        InputError: names the file; nothing of it is kept in memory.
    """
    if path.suffix.lower() != ".gz":
        return
    most = max(MOST_BYTES, TIMES_ITS_SIZE * path.stat().st_size)
    unpacked = 0
    try:
        with open_bytes(path) as file:
            while block := file.read(1 << 20):
                unpacked += len(block)
                if unpacked > most:
                    raise InputError(
                        f"{path.name} unpacks to more than {most:,} bytes, which is not plausible "
                        "for its size; export it again"
                    )
    except (OSError, EOFError, zlib.error):
        raise InputError(
            f"{path.name} cannot be unpacked: expected a whole gzip file; copy or export it again"
        ) from None
