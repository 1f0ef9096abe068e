"""The tasks of chapter 2, a file for each."""
