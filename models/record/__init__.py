"""What is written down: tickets and everything that hangs on them."""
