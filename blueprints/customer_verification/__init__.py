"""Confirmation by the customer, with and without an account (P10)."""

from flask import Blueprint

bp = Blueprint("customer_verification", __name__)
