"""The ground floor: clock, database, words, sums and errors. Imports nothing of the house."""
