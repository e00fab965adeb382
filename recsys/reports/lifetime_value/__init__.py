"""What `recsys value` shows: who will buy how much, and how good such forecasts were."""
