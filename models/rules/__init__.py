"""The rules: who may, what follows what, who is told, which clocks run. All changes pass here."""
