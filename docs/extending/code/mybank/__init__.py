"""Parts of our own for recsys: models, a metric, a source, a split and rules."""
