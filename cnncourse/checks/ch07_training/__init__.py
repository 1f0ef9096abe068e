"""The tasks of chapter 7, a file for each."""
