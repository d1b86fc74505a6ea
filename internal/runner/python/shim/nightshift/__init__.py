"""How Nightshift runs the Python code of packs. Packs import nothing of this: what they may
import are the packages named st2… beside it."""
