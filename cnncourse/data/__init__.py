"""The data of the course: two sets of images, a photograph, and what one does to data before training.

Nothing here reaches for the network. Images are NHWC, float32 in [0, 1]; labels are whole numbers from 0.
"""

from cnncourse.data.embedded import DataError, Dataset, fashion_mini, mnist, photograph
from cnncourse.data.labels import one_hot
from cnncourse.data.scaling import normalisation, normalise
from cnncourse.data.splits import Part, Split, stratified_split, stratified_subset

__all__ = [
    "DataError",
    "Dataset",
    "Part",
    "Split",
    "fashion_mini",
    "mnist",
    "normalisation",
    "normalise",
    "one_hot",
    "photograph",
    "stratified_split",
    "stratified_subset",
]
