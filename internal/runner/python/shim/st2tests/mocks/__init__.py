"""Stand-ins for what the server gives to actions and sensors."""
