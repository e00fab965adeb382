"""What another policy would have earned on logged decisions: table, page, picture and files."""
