"""Knowledge articles and search."""
