"""`recsys serve`: an artifact over HTTP, which takes in a new version without a restart."""
