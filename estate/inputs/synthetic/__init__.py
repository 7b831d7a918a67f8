"""An invented estate of any size from a seed: for trying, testing and teaching.

Nothing in it is true: buildings, streets, partners, costs and values are drawn at
random around plausible figures. Only the ground it stands on, some nine by eight
kilometres of East Birmingham, is a real place.
"""

from estate.inputs.synthetic.make import make_estate
from estate.inputs.synthetic.worth import worth
from estate.inputs.synthetic.write import write_estate

__all__ = ["make_estate", "worth", "write_estate"]
