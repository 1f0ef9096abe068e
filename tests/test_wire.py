"""Plain data between two processes that do not trust each other: everything honest arrives, nothing else does."""

import json
import pickle

import numpy as np
import pytest

from cnncourse.checks.plain import to_plain
from cnncourse.grading.sandbox.wire import BYTES, DEPTH, TEXT, Garbled, pack, unpack


def there_and_back(value):
    return unpack(pack(value))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**80),
        1.5,
        5e-324,
        float("inf"),
        float("-inf"),
        "",
        "“é” \x00",
        (),
        (1, (2.5, "x"), None),
        {},
        {"": 1, "b": (1, {"c": None})},
        {"tuple": (1,), "array": 0, "dtype": "|i1", "shape": (1,)},
        {"float": "nan"},
    ],
)
def test_what_is_plain_arrives_as_it_was(value):
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


def test_a_nan_arrives_and_minus_zero_keeps_its_sign():
    assert np.isnan(there_and_back(float("nan")))
    assert np.signbit(there_and_back(-0.0))


def test_the_kinds_of_numbers_stay_apart():
    assert [type(part) for part in there_and_back((True, 1, 1.0))] == [bool, int, float]


def test_an_array_laid_out_by_columns_arrives_so():
    array = np.asfortranarray(np.arange(24.0).reshape(2, 3, 4))
    back = there_and_back((array, 1))[0]
    assert np.array_equal(back, array)
    assert back.strides == array.strides


@pytest.mark.parametrize("turned", ["1", '{"tuple": []}', '{"turned": 1}', "[]"])
def test_nothing_but_an_array_is_turned(turned):
    with pytest.raises(Garbled):
        unpack([f'{{"turned": {turned}}}'.encode()])


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "<i2", ">i4", "u8", "f2", "<f4", ">f8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3), (1, 2, 3, 4)])
def test_an_array_arrives_with_its_shape_dtype_and_numbers(dtype, shape):
    array = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) * 1.5).astype(dtype)
    back = there_and_back(array)
    assert back.dtype == array.dtype
    assert back.shape == shape
    assert back.tobytes() == array.tobytes()


def test_an_array_in_any_layout_arrives_with_its_numbers_in_place():
    array = np.arange(24.0).reshape(2, 3, 4)
    for view in (
        array.T,
        array[:, ::-1],
        array[..., ::2],
        np.asfortranarray(array),
        np.broadcast_to(array[0], (5, 3, 4)),
    ):
        assert np.array_equal(there_and_back(view), view)


def test_an_array_that_arrives_can_be_changed_and_belongs_to_nobody_else():
    parts = pack(np.zeros(3))
    first, second = unpack(parts), unpack(parts)
    first[0] = 7
    assert second[0] == 0


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="there is no longer float here")
def test_a_long_float_arrives_as_an_ordinary_one():
    assert there_and_back(np.array([1.5], np.longdouble)).dtype == np.float64


def test_images_written_as_lists_arrive_for_every_case_of_a_task():
    images = to_plain(np.zeros((2, 28, 28, 3)).tolist())
    assert there_and_back((images,) * 12) == (images,) * 12


@pytest.mark.parametrize(
    "value", [1j, b"x", object(), {1}, np.array([1j]), np.array(["a"]), np.array([None]), range(3)]
)
def test_what_is_no_data_is_not_sent(value):
    with pytest.raises(TypeError, match="is no plain data"):
        pack((1, value))


def text_of(tree, *buffers):
    return [json.dumps(tree).encode(), *buffers]


HOSTILE = {
    "nothing": [],
    "an empty part": [b""],
    "no JSON": [b"{"],
    "bytes that are no text": [b"\xff\xfe\xfd"],
    "a pickle": [pickle.dumps(1)],
    "a bare nan": [b"NaN"],
    "an infinity": [b'{"tuple": [Infinity]}'],
    "a list": [b"[1]"],
    "an unknown kind": text_of({"set": [1]}),
    "two kinds at once": text_of({"tuple": [], "dict": []}),
    "a float of another kind": text_of({"float": "1e5"}),
    "a float that is no text": text_of({"float": [1]}),
    "a tuple that is no list": text_of({"tuple": "abc"}),
    "a dictionary of triples": text_of({"dict": [["a", 1, 2]]}),
    "a key that is no text": text_of({"dict": [[1, 2]]}),
    "a key that is a list": text_of({"dict": [[["a"], 2]]}),
    "objects": text_of({"array": 0, "dtype": "|O", "shape": [1]}, b"12345678"),
    "a dtype with fields": text_of({"array": 0, "dtype": [["a", "|O"]], "shape": [1]}, b"12345678"),
    "a dtype of text": text_of({"array": 0, "dtype": "<U2", "shape": [1]}, b"12345678"),
    "a dtype of time": text_of({"array": 0, "dtype": "<M8[s]", "shape": [1]}, b"12345678"),
    "a dtype with a comma": text_of({"array": 0, "dtype": "i4,i4", "shape": [1]}, b"12345678"),
    "a float of one byte": text_of({"array": 0, "dtype": "<f1", "shape": [8]}, b"12345678"),
    "a boolean of two bytes": text_of({"array": 0, "dtype": "<b2", "shape": [4]}, b"12345678"),
    "too few bytes": text_of({"array": 0, "dtype": "<f8", "shape": [2]}, b"12345678"),
    "too many bytes": text_of({"array": 0, "dtype": "<f8", "shape": [1]}, b"123456789"),
    "a negative size": text_of({"array": 0, "dtype": "<f8", "shape": [-1, -1]}, b"12345678"),
    "an enormous size": text_of({"array": 0, "dtype": "<f8", "shape": [2**62, 4]}, b"12345678"),
    "an enormous size that is empty": text_of({"array": 0, "dtype": "<f8", "shape": [2**62, 2**62, 0]}, b""),
    "many large sizes that are empty": text_of({"array": 0, "dtype": "<f8", "shape": [2**24] * 15 + [0]}, b""),
    "ten megabytes of JSON": [b" " * (10 << 20) + b"1"],
    "a size that is true": text_of({"array": 0, "dtype": "|i1", "shape": [True]}, b"1"),
    "a size that is a float": text_of({"array": 0, "dtype": "|i1", "shape": [1.0]}, b"1"),
    "seventeen sizes": text_of({"array": 0, "dtype": "|i1", "shape": [1] * 17}, b"1"),
    "an array that is not there": text_of({"array": 1, "dtype": "|i1", "shape": [1]}, b"1"),
    "an array before the first": text_of({"array": -1, "dtype": "|i1", "shape": [1]}, b"1"),
    "an array that is true": text_of({"array": True, "dtype": "|i1", "shape": [1]}, b"1", b"2"),
    "an array with more to say": text_of({"array": 0, "dtype": "|i1", "shape": [1], "order": "F"}, b"1"),
    "brackets without end": [b'{"tuple": [' * 100_000],
    "a number of ten thousand digits": [b"9" * 10_000],
}


@pytest.mark.parametrize("parts", HOSTILE.values(), ids=HOSTILE)
def test_what_was_not_packed_here_is_garbled(parts):
    with pytest.raises(Garbled):
        unpack(parts)


def test_nesting_ends_at_its_limit():
    def nested(depth):
        return text_of(nested_value(depth))

    def nested_value(depth):
        return 1 if depth == 0 else {"tuple": [nested_value(depth - 1)]}

    unpack(nested(DEPTH))
    with pytest.raises(Garbled, match="nested too deeply"):
        unpack(nested(DEPTH + 1))


def test_a_value_that_is_told_again_and_again_costs_no_more_than_the_message_itself():
    nulls = b'{"tuple": [' + b"null," * 1_000_000 + b"null]}"
    with pytest.raises(Garbled, match="too many values"):
        unpack([nulls])
    again = {"tuple": [{"array": 0, "dtype": "|i1", "shape": [1 << 20]}] * 1000}
    with pytest.raises(Garbled):  # one megabyte must not become a gigabyte here
        unpack(text_of(again, bytes(1 << 20)))


def test_a_message_over_the_limit_is_not_even_read():
    with pytest.raises(Garbled, match="bytes in 2 parts"):
        unpack([b"1", bytes(BYTES)])


def test_long_texts_are_cut_at_both_ends_of_a_pair():
    ((key, value),) = there_and_back({"k" * (TEXT + 5): "v" * (TEXT + 5)}).items()
    assert len(key) == len(value) == TEXT


def test_half_a_character_arrives_as_one_that_a_file_can_hold():
    ((key, value),) = there_and_back({"\ud83d": "a\udc00"}).items()
    assert (key, value) == ("?", "a?")
