from pathlib import Path

from mybank.visits import Visits

from recsys.testing import SourceContract


class TestVisits(SourceContract):
    def make(self):
        return Visits(root=str(Path(__file__).parents[1] / "data"))
