"""Model-free parts of training: losses, negative sampling, propagation and the one fit loop."""
