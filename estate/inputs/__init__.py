"""From files to a complete estate: reading, conforming, checking, placing, filling in."""
