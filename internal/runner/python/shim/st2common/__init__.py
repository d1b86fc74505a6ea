"""What packs import from StackStorm's package of this name: these modules, and no others."""
