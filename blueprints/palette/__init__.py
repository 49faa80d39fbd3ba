"""The command palette: to anything by a few characters."""
