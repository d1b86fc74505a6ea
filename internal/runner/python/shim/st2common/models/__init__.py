"""Types of values."""
