"""What actions and sensors are given to work with."""
