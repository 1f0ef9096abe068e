"""The tasks of chapter 1, a file for each."""
