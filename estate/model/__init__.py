"""The optimisation model: the only home of PuLP, with ``estate.solve``."""
