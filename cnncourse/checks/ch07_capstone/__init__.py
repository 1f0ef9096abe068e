"""The tasks of the capstone of chapter 7, a network of one's own for MNIST: a file for each."""
