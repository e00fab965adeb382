"""What customers are after: the purposes of their events, and the moments they are in."""
