"""A class at a time: submissions, workers, the journal, and the one writer and the one reader of scores."""
