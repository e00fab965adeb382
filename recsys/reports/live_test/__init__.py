"""Pages of live tests: what a plan takes, and what a running test says."""
