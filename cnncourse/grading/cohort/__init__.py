"""A class at a time: submissions, workers, the journal, and the gradebook's one writer."""
