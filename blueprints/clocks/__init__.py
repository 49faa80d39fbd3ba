"""Why a clock is due when it is due, and whose time it was (P4.5, P4.7)."""
