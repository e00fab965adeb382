"""What customers are after: strands of purpose, what a session is for, and who will leave."""
