"""Tables become graphs: customers x products as a sparse matrix, touchpoints as a typed graph."""
