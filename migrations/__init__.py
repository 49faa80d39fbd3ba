"""Migrations: one transaction each, tested up and down on both databases."""
