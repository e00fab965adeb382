"""One file a metric: formula, source, arguments. Arrays in, one value a query out, or one in all.

Metrics of a list (precision, recall, ndcg, average_precision, reciprocal_rank, hit_rate) take the
same three arguments and equal trec_eval's, as `ir_measures` computes them. A value that has no
meaning for a query, as the diversity of one product, is nan: leave those queries out of a mean.
"""
