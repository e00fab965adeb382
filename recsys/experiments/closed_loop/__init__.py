"""Closed loop: train, decide, log, retrain, on a market whose answers can be drawn."""
