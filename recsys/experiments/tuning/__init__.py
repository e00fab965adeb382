"""The search for the best settings of a model, and what it leaves behind."""
