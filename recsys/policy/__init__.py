"""What may be offered to whom, where and when, and which of it should be.

A policy is YAML (`rules`), compiled to arrays (`compiled`) that serving obeys. `arbitration`
chooses within capacities and a budget, `exploration` with known probabilities. `decision_log` keeps
what was decided, `funnel` counts what rules take away, `live_tests` compare two policies in the
field, and `consent` reads the customers table. Nothing here knows a model.
"""
