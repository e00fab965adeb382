"""Similar people: look-alikes of a list of customers, and clusters with a profile in words."""
