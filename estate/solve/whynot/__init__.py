"""Why there is no plan: which of the user's own rules conflict, and what would mend it."""
