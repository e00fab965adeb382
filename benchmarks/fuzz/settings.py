"""Spoiled settings: YAML of policies, libraries, mappings and sources, and words of commands."""

from pathlib import Path
from random import Random
from typing import Any

import yaml

from benchmarks.fuzz.case import Command
from benchmarks.fuzz.mutate import VALUES, spoiled_bytes, spoiled_value
from benchmarks.fuzz.world import FIT, TABLES

PARTS = (
    "tables", "artifact", "policy.yaml", "segments.yaml", "signals.yaml", "mapping.yaml", "own",
    "mlflow.db",
)  # fmt: skip

_READERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "policy.yaml": (
        ("decide", "artifact=artifact", "policy=policy.yaml", "at=2026-01-01", "out=p.parquet"),
        ("refresh", "artifact=artifact", *TABLES, "policy=policy.yaml", "out=fresh"),
        ("funnel", "artifact=artifact", "policy=policy.yaml", "at=2026-01-01"),
    ),
    "segments.yaml": (("segments", *TABLES, "segments=segments.yaml"),),
    "signals.yaml": (("signals", *TABLES, "signals=signals.yaml"),),
    "mapping.yaml": (
        ("check", *TABLES[:2], "data.mapping=mapping.yaml"),
        ("train", *FIT, "model=popularity", "data.mapping=mapping.yaml"),
    ),
    "own/data/own.yaml": (
        ("train", "--config-dir=own", "data=own", *FIT[-2:], "model=popularity"),
        ("check", "--config-dir=own", "data=own"),
    ),
}
_TEXTS = (
    "!!python/object/apply:os.system ['touch ../outside/x']\n",
    "a: &a [1]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\ne: [*d, *d]\n",
    "<<: {x: 1}\n", "? [a]\n: b\n", "a: 1\na: 2\n", "--- 1\n--- 2\n", "%YAML 9.9\n---\na: 1\n",
    "\t- a\n", "a: !!binary zz\n", "a: !!timestamp 99\n", "1e400",
    "a: 0o777777777777777777777777\n",
)  # fmt: skip
_TARGETS = (
    "os.system", "subprocess.Popen", "builtins.eval", "recsys.cli.main.os.system", "recsys", "",
    "recsys.data.sources.files.Path", "torch.load", "pathlib.Path", "recsys.no.such", "a b",
    "recsys.models.als.ALS", "recsys..data",
)  # fmt: skip
_KEYS = (
    "model", "model.dim", "model.k", "data.root", "data.valid_from", "split.valid_from", "seed",
    "evaluate.ks", "evaluate.resamples", "evaluate.metric", "device", "track.experiment",
    "data.rename", "data.targets", "data.filter_seen", "hydra.run.dir", "hydra.job.name", "+x",
    "~data", "model._target_", "data.hash_ids", "allow", "experiment", "data.partitions",
    "track.tags", "hydra.output_subdir",
)  # fmt: skip


def spoil(folder: Path, random: Random) -> Command:
    """Spoils a file of settings, or a word, and names a command that reads it."""
    if random.random() < 0.25:
        return _word(random)
    name = random.choice(list(_READERS))
    path = folder / name
    kind = random.randrange(4)
    if kind == 0:
        about = "bytes"
        path.write_bytes(spoiled_bytes(path.read_bytes(), random))
    elif kind == 1:
        about = "text"
        path.write_text(random.choice(_TEXTS) + random.choice((path.read_text(), "")))
    else:
        about = "value"
        document: Any = yaml.safe_load(path.read_text())
        if kind == 3 and name.startswith("own"):
            about = document["_target_"] = random.choice(_TARGETS)
        else:
            document = spoiled_value(_plain(document), random)
        path.write_text(_dumped(document), encoding="utf-8", errors="replace")
    return Command(words=random.choice(_READERS[name]), about=f"{name}: {about}")


def _word(random: Random) -> Command:
    value = random.choice((*VALUES, *_TARGETS, "[1,2", "{a:", "${x}", "'", "a,b", "a=b", "null"))
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode()[:2000]
    key = random.choice(_KEYS)
    if key in ("hydra.run.dir", "~data") and (text.startswith(("/", ".."))):
        text = "x"  # where a run may write is what the user says
    words = [word for word in FIT if not word.startswith(f"{key}=")]
    return Command(
        words=("train", *words, "model=popularity", f"{key}={text}"), about=f"{key}={text[:40]!r}"
    )


def _plain(document: Any) -> Any:
    """Dates as texts, which JSON has no type for."""
    if isinstance(document, dict):
        return {str(key): _plain(value) for key, value in document.items()}
    if isinstance(document, list):
        return [_plain(value) for value in document]
    return document if isinstance(document, str | int | float | None) else str(document)


def _dumped(document: Any) -> str:
    try:
        return str(yaml.safe_dump(document))
    except (yaml.YAMLError, UnicodeError, RecursionError):
        return repr(document)
