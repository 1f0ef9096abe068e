"""Images that come with the package; README.md beside this file says where they are from."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent

SHA256 = {
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
    "fashion_mnist_mini.npz": "887253e36919e5de705136dbafa58bf6d59c1bff2ac052a04365f0610332c1dd",
    "chelsea.npz": "402d6a68c300c0a4a9be39f9a5d78eddaa744833ef9857d35c330667b1ba93b0",
}

FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


class DataError(OSError):
    """A data file of the package is missing or damaged: the installation is at fault, not an argument."""


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images and labels, in the training and test sets that their authors published.

    x_train, x_test : ndarray, shape (N, H, W, C), float32 in [0, 1]
    y_train, y_test : ndarray, shape (N,), int64
    class_names : tuple of str; label k means ``class_names[k]``
    name : str
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    name: str

    def __repr__(self):
        height, width, channels = self.x_train.shape[1:]
        return (
            f"<{self.name}: {len(self.x_train)} training and {len(self.x_test)} test images, "
            f"{height}x{width}x{channels}, {len(self.class_names)} classes>"
        )


def mnist():
    """Return MNIST, all of it: 28x28 grey images of handwritten digits.

    Every call reads the file again, so you may change the arrays without harm to anybody else's.

    >>> mnist()
    <MNIST: 60000 training and 10000 test images, 28x28x1, 10 classes>
    """
    return _load("mnist.npz", tuple("0123456789"), "MNIST")


def fashion_mini():
    """Return a small Fashion-MNIST: the first 200 training and the first 200 test images of every class.

    >>> data = fashion_mini()
    >>> data
    <Fashion-MNIST mini: 2000 training and 2000 test images, 28x28x1, 10 classes>
    >>> data.class_names[data.y_train[0]]
    'Ankle boot'
    """
    return _load("fashion_mnist_mini.npz", FASHION_CLASSES, "Fashion-MNIST mini")


def photograph():
    """Return the one photograph of the course, Chelsea the cat, shape (300, 451, 3), float32 in [0, 1].

    Like a data set without the first axis: `photograph()[None]` is a batch of one image.

    >>> photograph().shape
    (300, 451, 3)
    """
    with np.load(io.BytesIO(_verified_bytes("chelsea.npz")), allow_pickle=False) as arrays:
        return np.divide(arrays["image"], np.float32(255))


def _load(file_name, class_names, name):
    with np.load(io.BytesIO(_verified_bytes(file_name)), allow_pickle=False) as arrays:
        return Dataset(
            x_train=_images(arrays["x_train"]),
            y_train=arrays["y_train"].astype(np.int64),
            x_test=_images(arrays["x_test"]),
            y_test=arrays["y_test"].astype(np.int64),
            class_names=class_names,
            name=name,
        )


def _verified_bytes(file_name):
    """The content of a data file, hashed before anything tries to make sense of it."""
    path = FOLDER / file_name
    repair = (
        f"To repair it: in a clone of the course, `git checkout -- cnncourse/data/{file_name}` from its top folder; "
        "otherwise `pip install --force-reinstall --no-deps` with the wheel or folder you installed the course from."
    )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: expected a data file of the course, found: {error.strerror}. {repair}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[file_name]:
        raise DataError(
            f"{path} is damaged: expected SHA-256 {SHA256[file_name]}, found {found} ({len(content)} bytes). {repair}"
        )
    return content


def _images(pixels):
    return np.divide(pixels, np.float32(255))[..., None]  # uint8 (N, H, W) -> float32 (N, H, W, 1)
