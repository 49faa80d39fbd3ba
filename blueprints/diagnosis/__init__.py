"""Diagnosis: taking up, the log, the cause."""
