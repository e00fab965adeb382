"""Whether the newest period is what former periods lead to expect: arrays in, numbers out."""
