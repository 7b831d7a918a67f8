"""What people ask of a plan: what else would do, what it trades against what, and why each site."""
