"""What customers are after: journeys and their moments."""
