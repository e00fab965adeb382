"""Where recsys keeps something of a person: a module for each kind of place."""
