"""Journey maps as a page, pictures and lines for the terminal."""
