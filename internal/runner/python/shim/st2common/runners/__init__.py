"""What Python actions are made of."""
