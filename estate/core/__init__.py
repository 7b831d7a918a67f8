"""Words, units, tables and money that every stage shares; imports nothing of ours."""
