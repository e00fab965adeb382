"""What conversations and web sessions before a purchase say about it, at a real insurer."""
