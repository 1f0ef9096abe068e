"""The tasks and chapters that come with the course, without what an instructor has added to this clone."""

from cnncourse.checks import catalogue


def chapters():
    """The names of the shipped chapters that have tasks."""
    return [folder.name for folder in catalogue.folders() if folder.parent == catalogue.SHIPPED]


def tasks():
    """The shipped tasks by their id."""
    return {
        name: catalogue.load(path) for name, path in catalogue.files().items() if path.is_relative_to(catalogue.SHIPPED)
    }
