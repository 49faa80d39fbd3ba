"""Carrying out and testing."""
