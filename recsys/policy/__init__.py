"""What may be offered to whom and where, whatever a model says."""
