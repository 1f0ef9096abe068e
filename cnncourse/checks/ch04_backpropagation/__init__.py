"""The tasks of chapter 4, a file for each."""
