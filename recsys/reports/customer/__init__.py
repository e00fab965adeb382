"""One customer on one page, as of one cut-off."""
