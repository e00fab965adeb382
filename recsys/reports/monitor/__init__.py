"""`recsys monitor`: whether what is served still does what it did."""
