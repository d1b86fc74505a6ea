"""Names and numbers."""
