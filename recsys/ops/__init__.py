"""Pieces without a subject of their own, shared by training and serving: numpy and pyarrow only."""
