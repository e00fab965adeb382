"""Reads the tables of a folder and prints what that took; a program of its own, without torch.

`python streaming_read.py FOLDER MEMORY_MB` prints one line of JSON; MEMORY_MB is a number or null.
"""

import json
import resource
import sys
import time

from recsys.data.sources.files import Files


def figures(folder: str, memory_mb: float | None) -> dict[str, float]:
    """Number of events, CPU seconds, and the peak memory in MiB."""
    start = time.process_time()
    tables = Files(root=folder, memory_mb=memory_mb).load()
    seconds = time.process_time() - start
    assert "torch" not in sys.modules
    return {
        "events": len(tables.interactions),
        "read_seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(figures(sys.argv[1], json.loads(sys.argv[2]))) + "\n")
