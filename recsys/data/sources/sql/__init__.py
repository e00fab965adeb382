"""Tables of a database: one query, or the name of a table, for each."""
