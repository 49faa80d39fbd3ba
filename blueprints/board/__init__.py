"""Bench and watch."""
