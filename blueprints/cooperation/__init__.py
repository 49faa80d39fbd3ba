"""Cooperation between departments."""
