"""Tickets that belong together, and known incidents."""
