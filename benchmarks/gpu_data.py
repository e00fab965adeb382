"""The data sets of the script for a GPU."""

import tempfile
from pathlib import Path
from typing import Any

import yaml

from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.queries import Window
from recsys.data.source import load_tables
from recsys.data.sources.lightgcn import LightGCNFiles
from recsys.data.split import GivenSplit, TimeSplit
from recsys.ops.conf_folder import conf_folder
from recsys.simulation.source import SimulatedMarket

_QUICK_LINES = 1500


def published_test(folder: Path, quick: bool) -> Window:
    """Test of a published split, and train as its past; quick: of the first customers alone."""
    if quick:
        short = Path(tempfile.mkdtemp()) / folder.name
        short.mkdir()
        for name in ("train.txt", "test.txt"):
            lines = (folder / name).read_text().splitlines()[:_QUICK_LINES]
            (short / name).write_text("\n".join(lines) + "\n")
        folder = short
    source = LightGCNFiles(root=str(folder))
    data = build(source, check_tables(source.load()))
    return GivenSplit().split(data, source).test


def market_valid(events: int) -> Window:
    """Valid of the simulated market, with links of identities merged as in a run."""
    source, splitter = SimulatedMarket(events=events), TimeSplit()
    tables = check_tables(load_tables(source))
    merged = merge_identities(tables, IdentityRules(), splitter.first_cutoff(source))
    return splitter.split(build(source, merged), source).valid


def experiment(name: str) -> dict[str, Any]:
    """The settings of the model in conf/experiment/NAME.yaml, without its defaults."""
    text = (Path(conf_folder()) / "experiment" / f"{name}.yaml").read_text()
    settings: dict[str, Any] = yaml.safe_load(text)["model"]
    return settings
