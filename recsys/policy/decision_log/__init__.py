"""The log of decisions: written part by part, joined with what customers did, read by training."""
