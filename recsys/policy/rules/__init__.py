"""Policies: YAML files of rules, read and checked, and compiled with a data set's tables.

`read.read_policy` reads a file into a `policy.Policy`; `compile.compile_rules` turns it into the
masks, dates and counters of `recsys.policy.compiled`, which serving reads.
"""
