"""The page of a closed loop: cumulative rewards of its arms, and what exploring costs."""
