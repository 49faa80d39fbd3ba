"""People and what they look after: persons, roles, teams, sessions, customers, services."""
