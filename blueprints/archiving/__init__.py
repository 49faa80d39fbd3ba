"""Review, closing and the archive."""
