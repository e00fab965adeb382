"""Maps of journeys: the ways of strands through stages and touchpoints, and what differs."""
