"""More time for a ticket."""
