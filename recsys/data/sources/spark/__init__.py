"""Tables of your own by Spark: what `engine=spark` does to `data=files`."""
