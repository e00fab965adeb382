"""Who the customers are: what each is worth to the firm in the time to come."""
