"""What a request over HTTP may ask for.

Calls of the library itself, from a firm's own code, may ask for more.
"""

BODY_BYTES = 4 * 2**20
"""Of a request as it is sent."""
ROWS = 1_000
"""Customers in one request."""
OFFERS = 1_000
"""k: offers for each of them."""
REASONS = 100
"""explain: reasons for each offer."""
EVENTS = 1_000
"""Fresh events of each row."""
LISTED = 10_000
"""Ids in `exclude`, and in `allow`."""
ID_CHARACTERS = 256
"""Of an id of a customer or product, an action, a touchpoint."""
UNKNOWN_A_SECOND = 50
"""Requests a second and worker with an unknown customer id. Those beyond wait for their turn, so
that guessing ids is slow and does not slow down those who are known."""
WAITING = 500
"""Requests that may wait for such a turn; one more is refused with code 429."""
