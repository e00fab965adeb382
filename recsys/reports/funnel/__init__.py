"""The funnel of a policy as text, page, picture and table."""
