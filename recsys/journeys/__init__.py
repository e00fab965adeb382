"""What customers are after: strands, moments, life events, and who is about to leave."""
