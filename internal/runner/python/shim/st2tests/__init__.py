"""What the unit tests of packs are made of."""
