"""Requests: assessment, direction, delivery."""
