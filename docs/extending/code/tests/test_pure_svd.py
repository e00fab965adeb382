from mybank.pure_svd import PureSVD

from recsys.testing import EmbeddingContract, PersonalisedContract


class TestPureSVD(EmbeddingContract, PersonalisedContract):
    def make(self, **change):
        return PureSVD(**{"dim": 4, **change})
