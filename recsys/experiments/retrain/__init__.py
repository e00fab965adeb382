"""`recsys retrain`: checks new data, fits champion and challengers on them, and decides.

- `data_profile`, `column_sketch`, `history`: what a retraining remembers of its data.
- `data_checks`: new data against the last retraining's.
- `windows`: valid and test at the end of the new data.
- `members`, `stored_answers`, `comparison`, `decision`: who is fitted, measured and compared.
- `champion`, `promotion`, `report`: what is read from the registry and written to it.
- `config`, `step`, `retrain`: all of it, step by step.
"""
