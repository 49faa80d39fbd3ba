"""Signing in, one's own settings, the inbox."""
