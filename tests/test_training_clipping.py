"""Clipping against numbers done by hand and against Keras."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnncourse.training import clip_by_global_norm, clip_by_norm, clip_by_value, global_norm

GRADS = {"a": np.array([3.0, -4.0]), "b": np.array([[0.0, 12.0]]), "c": np.zeros(2)}


def test_the_global_norm_is_the_length_of_all_numbers_in_one_row(rng):
    assert global_norm(GRADS) == 13.0  # the root of 9 + 16 + 144
    assert global_norm({"a": np.float32([3e30, 4e30])}) == pytest.approx(5e30)  # whose squares no float32 can hold


def test_by_value_each_number_is_cut_alone_and_the_direction_turns():
    clipped = clip_by_value(GRADS, 3.5)
    assert_allclose(clipped["a"], [3, -3.5])
    assert_allclose(clipped["b"], [[0, 3.5]])


def test_by_norm_each_array_keeps_its_direction():
    clipped = clip_by_norm(GRADS, 6.0)
    assert_allclose(clipped["a"], [3, -4])  # as long as 5: not cut
    assert_allclose(clipped["b"], [[0, 6]])


def test_by_global_norm_one_factor_is_for_all():
    clipped = clip_by_global_norm(GRADS, 6.5)
    assert_allclose(clipped["a"], [1.5, -2])
    assert_allclose(clipped["b"], [[0, 6]])
    assert_allclose(clipped["c"], [0, 0])


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_global_norm, clip_by_value])
def test_what_is_short_enough_stays_as_it_is_and_nothing_is_changed_in_place(clip):
    before = {name: grad.copy() for name, grad in GRADS.items()}
    for limit in (1.0, 100.0):
        clipped = clip(GRADS, limit)
        assert clipped.keys() == GRADS.keys()
        for name, grad in GRADS.items():
            assert_allclose(grad, before[name])
            if limit == 100:
                assert_allclose(clipped[name], grad)
    assert {a.dtype for a in clip({"a": np.float32([3, 4])}, 1.0).values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("limit", [0.3, 5.0, 50.0])
def test_keras_cuts_alike(limit, rng):
    import keras
    from keras.src.optimizers.base_optimizer import clip_by_global_norm as theirs

    grads = {"a": rng.standard_normal((3, 4)), "b": 5 * rng.standard_normal(6)}
    for ours, expected in zip(clip_by_global_norm(grads, limit).values(), theirs(list(grads.values()), limit)):
        assert_allclose(ours, expected, rtol=1e-6)
    kept = keras.optimizers.SGD(clipnorm=limit)._clip_gradients(
        [keras.ops.convert_to_tensor(g) for g in grads.values()]
    )
    for ours, expected in zip(clip_by_norm(grads, limit).values(), kept):
        assert_allclose(ours, expected, rtol=1e-6)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_global_norm, clip_by_value])
@pytest.mark.parametrize("limit", [0, -1, float("nan"), None])
def test_a_limit_that_is_no_length_is_refused(clip, limit):
    with pytest.raises(ValueError, match=f"is {limit}, but a number > 0 is needed"):
        clip(GRADS, limit)
