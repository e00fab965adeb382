"""From events to the next best offer: one graph, many models, honest comparison, one artifact."""

__version__ = "0.1.0"
