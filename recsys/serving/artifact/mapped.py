"""Arrays of a safetensors file, mapped into memory: pages are read when they are used.

The layout (https://huggingface.co/docs/safetensors): eight bytes with the length of a JSON header,
the header {name: {dtype, shape, data_offsets}}, and the numbers in row-major order.
"""

import json
import mmap
import os
import stat
from collections.abc import Mapping
from errno import EINVAL, EISDIR
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray

Content: TypeAlias = bytes | mmap.mmap
"""Bytes of a file. A file that is replaced meanwhile stays readable, one that is cut in place does
not: replace artifacts only as a whole."""

_HEADER_BYTES = 2**24
_READ_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Does not wait for a writer of a pipe, and reads bytes on Windows too."""
_TYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32,
    "I16": np.int16, "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip


def content(path: Path) -> Content:
    """The file's bytes, read when they are used.

    Raises:
        OSError: it cannot be read, or is a folder, pipe or device.
    """
    descriptor = os.open(path, _READ_FILE)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = EISDIR if stat.S_ISDIR(status.st_mode) else EINVAL
            raise OSError(kind, "Is a directory" if kind == EISDIR else "no regular file", path)
        if not status.st_size:
            return b""
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(descriptor)


def arrays(raw: Content) -> dict[str, FloatArray | IntArray]:
    """The arrays by name, read-only views of the content.

    Raises:
        ValueError: the header is damaged, or an array lies outside the file.
    """
    start = 8 + int.from_bytes(raw[:8], "little")
    if not 8 < start <= min(len(raw), _HEADER_BYTES):
        raise ValueError("the header is longer than the file, or than headers are")
    header: Mapping[str, Mapping[str, Any]] = json.loads(raw[8:start])
    return {
        name: _array(raw, start, name, entry)
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _array(raw: Content, start: int, name: str, entry: Mapping[str, Any]) -> FloatArray | IntArray:
    kind, shape = np.dtype(_TYPES[entry["dtype"]]), tuple(entry["shape"])
    low, high = entry["data_offsets"]
    are_sizes = all(isinstance(size, int) and size >= 0 for size in (*shape, low, high))
    if not are_sizes or high - low != prod(shape) * kind.itemsize or start + high > len(raw):
        raise ValueError(f"{name} lies outside the file")
    flat = np.frombuffer(raw, kind, prod(shape), start + low)
    return flat.reshape(shape)
