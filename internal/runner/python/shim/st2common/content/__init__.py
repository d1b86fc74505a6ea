"""The folders of packs."""
