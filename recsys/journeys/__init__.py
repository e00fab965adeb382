"""What customers are after: strands of purpose, moments, life events, and who will leave."""
