"""Load -> split -> fit -> evaluate -> track, as configured; the only place where Hydra is known."""
