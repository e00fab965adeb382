"""Which channels earned the conversions: journeys, and three ways to share out the credit.

A channel is any integer code: a touchpoint, a variant of a message. Arrays in, numbers out.
"""
