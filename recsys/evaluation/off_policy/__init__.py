"""What a policy is worth before it goes live, from decisions that another policy logged."""
