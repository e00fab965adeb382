"""Live tests: who gets which policy, how many customers it takes, and when to stop.

`assignment` puts customers into arms, `planning` says how many are needed, `sequential` gives
intervals that may be read every day, `verdict` applies the rules of the stages, and `uplift` says
whom the new policy helps. The unit of all of them is a customer.
"""
