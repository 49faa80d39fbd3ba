"""Triage: the queue, grading and assigning."""
