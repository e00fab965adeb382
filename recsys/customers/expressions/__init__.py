"""SQL expressions over the events of a customer, for segments and signals."""
