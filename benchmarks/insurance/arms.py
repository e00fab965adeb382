"""The two arms that every model is compared in."""

ARMS = {"without": False, "with": True}
"""Arm -> whether touchpoints are known to the model; purchases are, to both."""


def arm_of(model: str, arm: str) -> str:
    """What a model is called in an arm."""
    return f"{model}_{arm}"
