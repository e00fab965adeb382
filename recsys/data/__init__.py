"""Tables and ids: sources load them, they are checked once, and a `Dataset` holds them."""
