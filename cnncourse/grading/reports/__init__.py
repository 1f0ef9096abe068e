"""After grading: what a class found hard, which submissions are alike, and the scores for other systems."""
