"""Tables and ids: what comes in, checked once at the door."""
