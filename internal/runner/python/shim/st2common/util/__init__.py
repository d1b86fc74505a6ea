"""Small helpers that packs use."""
