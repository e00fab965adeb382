from mybank.learned_layers import LearnedLayers

from recsys.testing import CheckpointContract, EmbeddingContract


class TestLearnedLayers(CheckpointContract, EmbeddingContract):
    folds_in_exactly = False  # the vector a customer starts from is forecast

    def make(self, **change):
        return LearnedLayers(
            **{"dim": 8, "epochs": 15, "batch_size": 16, "device": "cpu", **change}
        )
