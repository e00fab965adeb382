"""Whether what a customer is expected to be worth, as a lever, decides better."""
