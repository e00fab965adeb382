"""What runs say to people: pages, pictures and leaderboards."""
