"""Tables read as streams: batch by batch into columns of numbers, moments and codes of texts."""
