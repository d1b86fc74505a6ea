"""Old names of what is in :mod:`st2common.runners`."""
