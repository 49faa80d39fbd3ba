"""Plans and their approval."""
