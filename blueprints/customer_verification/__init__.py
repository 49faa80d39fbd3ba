"""Confirmation by the customer, with and without an account."""
