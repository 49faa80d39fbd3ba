"""Keeping: copies of everything, made while the house runs, proved, and put back."""
