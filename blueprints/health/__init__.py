"""Signs of life for machines."""
