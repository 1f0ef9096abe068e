"""The tasks of chapter 3, a file for each."""
