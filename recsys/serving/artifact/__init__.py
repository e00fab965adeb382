"""What an artifact holds, and how it lies on disk."""
