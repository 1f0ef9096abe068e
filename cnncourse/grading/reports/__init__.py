"""After grading: what a class found hard, and which submissions are alike."""
