"""Which records belong to the same person: links, clusters, stable ids and their evaluation."""
