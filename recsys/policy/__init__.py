"""Rules that are independent of models: who may be contacted where, and what an offer is worth.

Each rule is a function that turns a `Dataset` or arrays into a mask or a score, as
`recsys.policy.consent.consent_mask` and `recsys.policy.expected_value.expected_value`.
"""
