"""The tasks of chapter 5, a file for each."""
