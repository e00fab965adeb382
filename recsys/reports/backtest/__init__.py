"""A backtest: models over several windows, and what the age of training data costs."""
