"""A client of the server's API, as packs use it. A pack that wants all of StackStorm's own client
lists it among its requirements and gets that instead."""
