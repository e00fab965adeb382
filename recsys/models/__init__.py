"""One file an algorithm; all of them satisfy the protocols of `recsys.models.base`."""
