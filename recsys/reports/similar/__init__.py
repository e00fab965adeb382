"""Similar people: neighbours of one, look-alikes of a list, and clusters, as text and page."""
