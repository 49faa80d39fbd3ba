"""Setting up an empty installation: five short steps, once."""
