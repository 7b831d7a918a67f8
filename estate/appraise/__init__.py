"""What a plan costs and saves, computed again from the conformed tables and the plan alone."""
