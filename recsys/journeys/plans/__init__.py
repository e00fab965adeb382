"""What an offer now tells of the next one, learned from logged decisions."""
