"""What several scores are made of."""
