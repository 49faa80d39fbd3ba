"""The ticket page and what is said beside the road."""
