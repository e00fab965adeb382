"""Who is offered what, and where: net values, candidates, and allocation under limits.

Arrays in, arrays out; NumPy alone, but for the exact solver in
`recsys.policy.arbitration.exact`, which needs SciPy.
"""
