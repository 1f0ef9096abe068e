"""The embedded data sets are what their README says, and splits, scaling and one-hot do what they promise."""

import hashlib
import itertools
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from cnncourse import data
from cnncourse.data import embedded

ROOT = Path(__file__).parents[1]
README = (embedded.FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def mnist():
    return data.mnist()


@pytest.fixture(scope="module")
def fashion():
    return data.fashion_mini()


# What is in the files


def test_the_readme_states_the_size_and_the_hash_that_each_file_has():
    for name, sha256 in embedded.SHA256.items():
        content = (embedded.FOLDER / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        assert f"| `{name}` | {len(content):,} | `{sha256}` |" in README


def test_mnist_has_the_checksums_of_the_original_files():
    arrays = np.load(embedded.FOLDER / "mnist.npz")
    files = {
        "train-images-idx3-ubyte": arrays["x_train"],
        "train-labels-idx1-ubyte": arrays["y_train"],
        "t10k-images-idx3-ubyte": arrays["x_test"],
        "t10k-labels-idx1-ubyte": arrays["y_test"],
    }
    for name, array in files.items():
        # IDX: 0x08 for unsigned bytes, the number of axes, each size as a big-endian int, then the bytes
        header = struct.pack(f">i{array.ndim}i", 0x0800 + array.ndim, *array.shape)
        md5 = hashlib.md5(header + array.tobytes()).hexdigest()
        assert f"| `{name}` | `{md5}` |" in README


def test_the_photograph_is_in_colour_and_wider_than_high():
    image = data.photograph()
    assert image.shape == (300, 451, 3) and image.dtype == np.float32
    assert 0 <= image.min() < 0.1 and 0.9 < image.max() <= 1
    assert np.ptp(image, axis=-1).max() > 0.2, "the three channels are alike: a grey picture"
    # every value was a byte
    np.testing.assert_array_equal(np.round(image * 255) / np.float32(255), image)


@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_images_are_float32_nhwc_from_0_to_1_and_labels_are_int64(name, request):
    dataset = request.getfixturevalue(name)
    for x, y in ((dataset.x_train, dataset.y_train), (dataset.x_test, dataset.y_test)):
        assert x.dtype == np.float32
        assert x.shape == (len(y), 28, 28, 1)
        assert (x.min(), x.max()) == (0, 1)
        assert y.dtype == np.int64
        assert sorted(set(y.tolist())) == list(range(len(dataset.class_names)))


def test_a_pixel_is_its_byte_divided_by_255(fashion):
    pixels = np.load(embedded.FOLDER / "fashion_mnist_mini.npz")["x_test"]
    np.testing.assert_array_equal(fashion.x_test[..., 0], pixels.astype(np.float32) / 255)


def test_mnist_has_the_class_counts_of_the_readme(mnist):
    for part, y in (("training", mnist.y_train), ("test", mnist.y_test)):
        assert f"| {part} | {' | '.join(str(n) for n in np.bincount(y))} |" in README
    assert (len(mnist.y_train), len(mnist.y_test)) == (60000, 10000)


def test_fashion_mini_has_200_training_and_200_test_images_of_each_class(fashion):
    np.testing.assert_array_equal(np.bincount(fashion.y_train), [200] * 10)
    np.testing.assert_array_equal(np.bincount(fashion.y_test), [200] * 10)
    assert f"| class | {' | '.join(fashion.class_names)} |" in README


@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_no_image_occurs_twice_so_no_test_image_can_be_learned_by_heart(name, request):
    dataset = request.getfixturevalue(name)
    images = [image.tobytes() for x in (dataset.x_train, dataset.x_test) for image in x]
    assert len(set(images)) == len(images)


def test_a_changed_array_does_not_reach_the_next_caller(fashion):
    mine = data.fashion_mini()
    mine.x_train[:] = 0.5
    mine.y_train[:] = 3
    again = data.fashion_mini()
    np.testing.assert_array_equal(again.x_train, fashion.x_train)
    np.testing.assert_array_equal(again.y_train, fashion.y_train)


def test_the_fields_of_a_dataset_cannot_be_replaced(fashion):
    with pytest.raises(AttributeError):
        fashion.x_train = fashion.x_test


# Files that are not what they should be


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:1000])


def put_a_folder_in_its_place(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (flip_a_byte, r"is damaged: expected SHA-256 887253e3\w+, found \w{64} \(1757367 bytes\)"),
        (truncate, r"is damaged: expected SHA-256 887253e3\w+, found \w{64} \(1000 bytes\)"),
        (Path.unlink, r"expected a data file of the course, found: \w+"),
        (put_a_folder_in_its_place, r"expected a data file of the course, found: \w+"),
    ],
)
def test_a_bad_file_is_named_with_what_was_found_and_how_to_repair_it(damage, found, tmp_path, monkeypatch):
    path = Path(shutil.copy(embedded.FOLDER / "fashion_mnist_mini.npz", tmp_path))
    damage(path)
    monkeypatch.setattr(embedded, "FOLDER", tmp_path)
    with pytest.raises(data.DataError, match=found) as error:
        data.fashion_mini()
    for words in (str(path), "git checkout -- cnncourse/data/fashion_mnist_mini.npz", "pip install --force-reinstall"):
        assert words in str(error.value)
    assert isinstance(error.value, OSError)


def test_a_file_with_a_pickle_is_refused_before_it_is_opened(tmp_path, monkeypatch):
    np.savez(tmp_path / "mnist.npz", x_train=np.array([{"an": "object"}], dtype=object))
    monkeypatch.setattr(embedded, "FOLDER", tmp_path)
    monkeypatch.setattr(np, "load", lambda *args, **kwargs: pytest.fail("np.load saw a file with the wrong hash"))
    with pytest.raises(data.DataError, match="is damaged"):
        data.mnist()


# Splits. The images are their own numbers, so that one can see where each of them went.


def numbered(counts, seed=0):
    """`counts[k]` images of class k in random order, each image being its index."""
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    return np.arange(len(y)), y


def counts_of(part, classes):
    return np.bincount(part.y, minlength=classes)


ODD_SIZES = [(7, 11, 13), (101, 3, 17), (50, 50, 50), (33, 33, 34), (2, 2), (1, 997), (5,) * 10]


@pytest.mark.parametrize("counts", ODD_SIZES)
@pytest.mark.parametrize(("validation", "test"), [(0.25, 0.0), (0.3, 0.25), (1 / 3, 1 / 7)])
def test_a_split_is_disjoint_covers_everything_and_keeps_images_with_their_labels(counts, validation, test):
    x, y = numbered(counts)
    parts = data.stratified_split(x, y, validation, test)
    np.testing.assert_array_equal(np.sort(np.concatenate([part.x for part in parts])), x)
    for part in parts:
        np.testing.assert_array_equal(part.y, y[part.x])


@pytest.mark.parametrize("counts", ODD_SIZES)
@pytest.mark.parametrize(("validation", "test"), [(0.25, 0.0), (0.3, 0.25), (1 / 3, 1 / 7)])
def test_every_part_has_its_fraction_of_the_images_to_within_one(counts, validation, test):
    x, y = numbered(counts)
    parts = data.stratified_split(x, y, validation, test)
    for part, share in zip(parts, (1 - validation - test, validation, test)):
        assert abs(len(part.y) - share * len(y)) < 1


@pytest.mark.parametrize("counts", [(7, 11, 13), (101, 3, 17), (33, 33, 34), (5, 5, 5), (10, 1, 9)])
@pytest.mark.parametrize("validation", [0.1, 0.2, 1 / 3, 0.45])
def test_no_other_whole_numbers_keep_the_class_shares_better(counts, validation):
    x, y = numbered(counts)
    ours = counts_of(data.stratified_split(x, y, validation).validation, 3)
    exact = np.array(counts) * ours.sum() / sum(counts)
    others = (o for o in itertools.product(*(range(n + 1) for n in counts)) if sum(o) == ours.sum())
    best = min(np.abs(np.array(o) - exact).sum() for o in others)
    assert np.abs(ours - exact).sum() == pytest.approx(best)


@pytest.mark.parametrize("counts", ODD_SIZES)
def test_every_class_count_of_three_parts_is_within_two_of_its_exact_share(counts):
    x, y = numbered(counts)
    parts = data.stratified_split(x, y, validation=0.3, test=0.25)
    for part in parts:
        exact = np.array(counts) * len(part.y) / len(y)
        assert np.abs(counts_of(part, len(counts)) - exact).max() < 2


def test_shares_that_come_out_even_are_exact():
    train, validation, test = data.stratified_split(*numbered((100, 60, 40)), validation=0.1, test=0.15)
    np.testing.assert_array_equal(counts_of(train, 3), [75, 45, 30])
    np.testing.assert_array_equal(counts_of(validation, 3), [10, 6, 4])
    np.testing.assert_array_equal(counts_of(test, 3), [15, 9, 6])


def test_a_part_that_nobody_asked_for_is_empty():
    train, validation, test = data.stratified_split(np.zeros((20, 8, 8, 3)), [0, 1] * 10, validation=0.0)
    assert len(train.y) == 20
    assert validation.x.shape == test.x.shape == (0, 8, 8, 3)


def test_the_parts_of_a_split_and_a_subset_are_shuffled():
    x = np.arange(200)
    y = np.repeat([0, 1], 100)
    parts = [*data.stratified_split(x, y, validation=0.3, test=0.3), data.stratified_subset(x, y, per_class=40)]
    for part in parts:
        changes = np.count_nonzero(np.diff(part.y))  # 1 if one class came after the other
        assert changes > len(part.y) / 4
        assert (np.diff(part.x[part.y == 0]) < 0).any()


def split_images(**rng):
    return data.stratified_split(*numbered((120, 80)), **rng).validation.x


def subset_images(**rng):
    return data.stratified_subset(*numbered((120, 80)), **rng).x


@pytest.mark.parametrize("images", [split_images, subset_images])
def test_the_same_seed_draws_the_same_images_and_another_seed_draws_others(images):
    assert images().tolist() == images(rng=0).tolist()
    assert images(rng=5).tolist() == images(rng=np.random.default_rng(5)).tolist()
    assert images(rng=5).tolist() != images(rng=6).tolist()
    generator = np.random.default_rng(5)
    assert images(rng=generator).tolist() != images(rng=generator).tolist()


def test_a_subset_has_the_same_number_of_each_class_and_no_image_twice():
    x, y = numbered((60, 9, 25))
    small = data.stratified_subset(x, y, per_class=9)
    np.testing.assert_array_equal(np.bincount(small.y), [9, 9, 9])
    assert len(set(small.x.tolist())) == 27
    np.testing.assert_array_equal(small.y, y[small.x])


def test_splits_work_when_class_numbers_have_gaps():
    y = np.repeat([4, 9, 1000], 10)
    train, validation, _ = data.stratified_split(np.arange(30), y, validation=0.2)
    np.testing.assert_array_equal(np.unique(train.y, return_counts=True), [[4, 9, 1000], [8, 8, 8]])
    np.testing.assert_array_equal(np.unique(validation.y, return_counts=True), [[4, 9, 1000], [2, 2, 2]])


X, Y = np.zeros((12, 4, 4, 1), dtype=np.float32), np.repeat([0, 1, 2], 4)


@pytest.mark.parametrize("function", [data.stratified_split, data.stratified_subset])
@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (X, Y + 0.5, "labels hold 0.5, but whole class numbers"),
        (X, np.where(Y == 2, np.nan, Y), "labels hold 4 NaN"),
        (X, Y - 1, "labels go down to -1, but classes are counted from 0"),
        (X, Y.astype(str), "labels have dtype"),
        (X, Y[:11], "labels have shape (11,), but there are 12 images"),
        (X, np.eye(3, dtype=int)[Y], "labels have shape (12, 3)"),
        (X[:0], Y[:0], "x has shape (0, 4, 4, 1), but (N, ...) with at least one image"),
        (0.5, Y, "x has shape (), but (N, ...)"),
    ],
)
def test_splits_say_what_is_wrong_with_images_or_labels(function, x, y, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        function(x, y)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"validation": -0.1}, "validation is -0.1, but a number in [0, 1)"),
        ({"test": 1.0}, "test is 1.0, but a number in [0, 1)"),
        ({"validation": 10}, "validation is 10, but"),
        ({"validation": np.nan}, "validation is nan, but"),
        ({"validation": 0.6, "test": 0.4}, "leave nothing to train on: use a sum below 1"),
        ({"validation": 0.01}, "validation=0.01 of 12 images rounds to none: use validation >= 0.083, or 0"),
        ({"test": 0.01}, "test=0.01 of 12 images rounds to none: use test >= 0.083, or 0"),
    ],
)
def test_a_fraction_that_cannot_be_served_is_refused(arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        data.stratified_split(X, Y, **arguments)


def test_the_smallest_fraction_that_the_message_proposes_does_give_an_image():
    assert len(data.stratified_split(X, Y, validation=0.083).validation.y) == 1


def test_a_class_that_would_have_no_training_image_is_named():
    with pytest.raises(ValueError, match=r"class 7 has 1 of the 9 images.* would leave none of them to train on"):
        data.stratified_split(np.arange(9), [3] * 8 + [7], validation=0.6)
    with pytest.raises(ValueError, match=r"class 7 has 2 of the 12 images.* would leave none of them to train on"):
        data.stratified_split(np.arange(12), [3] * 10 + [7] * 2, validation=0.4, test=0.5)


def test_a_subset_names_the_rarest_class_when_it_has_too_few_images():
    with pytest.raises(ValueError, match="class 4 has 2 images, but per_class is 3: use per_class <= 2"):
        data.stratified_subset(np.arange(9), [1] * 4 + [4] * 2 + [6] * 3, per_class=3)


@pytest.mark.parametrize("per_class", [0, -1, 2.5, True])
def test_a_subset_needs_a_whole_number_of_images_per_class(per_class):
    with pytest.raises(ValueError, match=r"per_class is .*, but a whole number >= 1 is needed"):
        data.stratified_subset(X, Y, per_class=per_class)


# Scaling


def test_normalisation_agrees_with_numbers_done_by_hand():
    x = np.zeros((2, 1, 2, 2))
    x[..., 0] = [[[1, 3]], [[5, 7]]]  # mean 4, squared distances 9 1 1 9
    x[..., 1] = [[[0, 0]], [[0, 8]]]  # mean 2, squared distances 4 4 4 36
    mean, std = data.normalisation(x)
    np.testing.assert_allclose(mean, [4, 2])
    np.testing.assert_allclose(std, np.sqrt([5, 12]))
    np.testing.assert_allclose(data.normalise(x, mean, std)[..., 0].ravel(), np.array([-3, -1, 1, 3]) / np.sqrt(5))


def test_mnist_has_the_mean_and_std_that_everybody_quotes(mnist):
    mean, std = data.normalisation(mnist.x_train)
    assert mean.dtype == std.dtype == np.float32
    np.testing.assert_allclose([mean[0], std[0]], [0.1307, 0.3081], atol=5e-5)


def test_normalised_channels_have_mean_0_and_std_1_even_far_from_0():
    scale, shift = np.array([0.1, 5, 100], dtype=np.float32), np.array([1000, -3, 0], dtype=np.float32)
    x = np.random.default_rng(0).random((300, 9, 7, 3), dtype=np.float32) * scale + shift
    mean, std = data.normalisation(x)
    np.testing.assert_allclose(mean, x.astype(np.float64).mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(std, x.astype(np.float64).std((0, 1, 2)), rtol=1e-6)
    z = data.normalise(x, mean, std)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.std((0, 1, 2), dtype=np.float64), 1, rtol=1e-5)
    np.testing.assert_allclose(z.mean((0, 1, 2), dtype=np.float64), 0, atol=1e-3)


def test_test_images_are_scaled_by_the_numbers_of_the_training_images(fashion):
    mean, std = data.normalisation(fashion.x_train)
    z = data.normalise(fashion.x_test[:5], mean, std)
    np.testing.assert_allclose(z, (fashion.x_test[:5] - mean) / std, rtol=1e-6)


def test_means_and_stds_from_a_list_do_not_change_the_dtype_of_the_images():
    x = np.ones((2, 3, 3, 3), dtype=np.float32)
    assert data.normalise(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]).dtype == np.float32


def test_a_constant_channel_is_named_even_where_its_mean_is_rounded():
    x = np.random.default_rng(0).random((3, 7, 7, 2))
    x[..., 1] = 0.1
    with pytest.raises(ValueError, match=r"channel 1 is 0.1 everywhere.* np.delete\(x, 1, axis=-1\)"):
        data.normalisation(x)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((2, 5, 5, 1), dtype=np.uint8), "x has dtype uint8"),
        (np.zeros((2, 5, 5)), "x has shape (2, 5, 5), which is 3-D, but (N, H, W, C) is needed"),
        (np.zeros((0, 5, 5, 1)), "x has shape (0, 5, 5, 1), but at least one image is needed"),
        (np.array([0, np.nan, np.inf, 1]).reshape(1, 2, 2, 1), "x holds 2 NaN or infinite values"),
    ],
)
def test_normalisation_says_what_is_wrong_with_the_images(x, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        data.normalisation(x)


@pytest.mark.parametrize(
    ("mean", "std", "words"),
    [
        ([0.5], [0.0], "std is [0.], but a number > 0 for each channel is needed"),
        ([0.5], [np.nan], "std is [nan], but a number > 0"),
        ([0.5, 0.5], [1.0], "mean has shape (2,), but (1,) is needed"),
        ([0.5], 1.0, "std has shape (), but (1,) is needed"),
    ],
)
def test_normalise_says_what_is_wrong_with_the_mean_or_the_std(mean, std, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        data.normalise(X, mean, std)


# One-hot


def test_one_hot_rows_have_their_1_at_the_label():
    labels = np.array([3, 0, 3, 1])
    rows = data.one_hot(labels, 5)
    assert (rows.shape, rows.dtype) == ((4, 5), np.float32)
    np.testing.assert_array_equal(rows.argmax(axis=1), labels)
    np.testing.assert_array_equal(rows.sum(axis=1), 1)
    assert set(rows.ravel()) == {0, 1}


@pytest.mark.parametrize(
    ("labels", "classes", "words"),
    [
        ([0, 3], 3, "labels go from 0 to 3, but with 3 classes they must lie in 0 ... 2"),
        ([0, -1], 3, "labels go down to -1"),
        ([0, 0.5], 3, "labels hold 0.5"),
        (np.eye(3), 3, "looks one-hot"),
        (2, 3, "labels have shape ()"),
        ([0], 0, "classes is 0"),
    ],
)
def test_one_hot_says_what_is_wrong(labels, classes, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        data.one_hot(labels, classes)


# Everything


def test_no_function_changes_what_it_was_given():
    rng = np.random.default_rng(0)
    x, y = rng.random((12, 4, 4, 2)), Y.copy()
    mean, std = data.normalisation(x)
    given = (x, y, mean, std)
    before = [array.copy() for array in given]
    for array in given:
        array.flags.writeable = False
    parts = [*data.stratified_split(x, y, 0.25), data.stratified_subset(x, y, 2)]
    z, rows = data.normalise(x, mean, std), data.one_hot(y, 3)
    for result in (z, rows, *itertools.chain(*parts)):
        result[...] = 0  # a result that shared memory with an input would raise, or change it
    for array, copy in zip(given, before):
        np.testing.assert_array_equal(array, copy)


def test_importing_the_data_does_not_import_tensorflow_or_read_a_file():
    code = (
        "import sys, pathlib; pathlib.Path.read_bytes = None; import cnncourse.data; "
        "print([m for m in ('tensorflow', 'keras', 'matplotlib') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "[]"


CANNOT_BUILD = find_spec("pip") is None or find_spec("setuptools") is None


@pytest.mark.slow
@pytest.mark.skipif(
    CANNOT_BUILD and "CI" not in os.environ, reason="building a wheel offline needs pip and setuptools in this venv"
)
def test_the_wheel_holds_the_data_and_the_licences(tmp_path):
    # From a copy, because setuptools leaves build/ behind.
    source = tmp_path / "source"
    shutil.copytree(ROOT / "cnncourse", source / "cnncourse", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (ROOT / "pyproject.toml", ROOT / "README.md", *ROOT.glob("LICENSE*")):
        shutil.copy(path, source)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    done = subprocess.run([*build, "--wheel-dir", tmp_path, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        for name, sha256 in embedded.SHA256.items():
            assert hashlib.sha256(archive.read(f"cnncourse/data/{name}")).hexdigest() == sha256
    for name in ("LICENSE-mnist.txt", "LICENSE-fashion-mnist.txt"):
        assert f"cnncourse/data/{name}" in names
        assert any(re.fullmatch(rf".*\.dist-info/licenses/(.*/)?{re.escape(name)}", n) for n in names)
    assert "cnncourse/data/README.md" in names
