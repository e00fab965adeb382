"""Intent to leave: whether a customer will do nothing more for a time."""
