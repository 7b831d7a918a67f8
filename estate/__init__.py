"""Estate: which public buildings to give up, and where to put shared hubs."""

__version__ = "0.1.0"
