"""Limits of one request over HTTP, which anybody may send; Python calls may ask for more."""

BODY_BYTES = 4 * 2**20
"""Size of a request."""
ROWS = 1_000
"""Customers in one request."""
OFFERS = 1_000
"""k: offers for each customer."""
REASONS = 100
"""explain: reasons for each offer."""
EVENTS = 1_000
"""Fresh events of each row."""
LISTED = 10_000
"""Ids in `exclude`, and in `allow`."""
ID_CHARACTERS = 256
"""Length of an id of a customer or product, of an action, of a touchpoint."""
UNKNOWN_A_SECOND = 50
"""Requests with an unknown customer id, per second and worker. Further ones wait, so that guessing
ids is slow and does not slow down requests for known customers."""
WAITING = 500
"""Requests with an unknown customer id that may wait; further ones are refused with code 429."""
