"""SQL expressions that users write: parsed, checked against lists, run where nothing else can be.

Rules of policies, segments and signals are such expressions. `expressions` checks one over the
columns of a row, `locked` opens the DuckDB that runs it.
"""
