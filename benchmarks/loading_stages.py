"""CPU seconds of each stage from tables to an audited split; a program of its own.

`python loading_stages.py FOLDER VALID_FROM TEST_FROM` prints one line of JSON. It is run by path
with a checkout of any version first on PYTHONPATH, so it uses only what all versions have.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from recsys.data.audit import Audit
from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.sources.files import Files
from recsys.data.split import TimeSplit


def stages(folder: str, valid_from: str, test_from: str) -> dict[str, float]:
    """Stage -> CPU seconds, and the peak memory in MiB."""
    taken: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        start = time.process_time()
        yield
        taken[f"{name}_seconds"] = time.process_time() - start

    source = Files(root=folder, valid_from=valid_from, test_from=test_from)
    splitter = TimeSplit()
    with stage("read"):
        tables = source.load()
    with stage("check"):
        checked = check_tables(tables)
    with stage("merge"):
        merged = merge_identities(checked, IdentityRules(), splitter.first_cutoff(source))
    with stage("build"):
        data = build(source, merged)
    with stage("split"):
        split = splitter.split(data, source)
    with stage("audit"):
        audit = Audit(checked, merged, data, split)
        audit.window("valid")
        audit.window("test")
    return {**taken, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(stages(*sys.argv[1:])) + "\n")
