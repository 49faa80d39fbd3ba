"""Intake: reporting, and following one's own reports."""
