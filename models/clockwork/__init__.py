"""What the desk does by itself when a time has come. Called by the workers, decided here."""
