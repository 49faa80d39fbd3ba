"""One's own views of lists."""
