"""The training loop: it learns, stops when it should, resumes exactly, and says what is wrong."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnncourse.data import mnist, stratified_subset
from cnncourse.files import read_arrays
from cnncourse.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU
from cnncourse.losses import BinaryCrossEntropy, CrossEntropy, MeanSquaredError, SoftCrossEntropy
from cnncourse.network import Network
from cnncourse.training import SGD, Adam, History, fit


@pytest.fixture(scope="module")
def digits():
    data = mnist()
    return stratified_subset(data.x_train, data.y_train, per_class=30)


def network(seed=0, dropped=0.0):
    layers = [Conv2D(8, 3), ReLU(), MaxPooling2D(3), Dropout(dropped), Flatten(), Dense(10)]
    return Network(layers, (28, 28, 1), seed=seed)


def quiet(net, x, y, **options):
    return fit(net, x, y, progress=False, **{"epochs": 3, "batch_size": 50, **options})


def same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert_array_equal(a[name], b[name])


def test_a_fresh_network_is_as_wrong_as_guessing_and_a_trained_one_is_not(digits):
    net = network()
    assert net.evaluate(*digits)[0] == pytest.approx(np.log(10), rel=0.2)
    history = quiet(net, *digits, epochs=25, optimiser=Adam(0.01))
    assert history.epochs == 25
    assert history.accuracy[-1] > 0.97
    assert history.loss[-1] < history.loss[0] / 5


def test_the_history_is_the_mean_over_the_images_also_with_a_smaller_last_batch(digits):
    x, y = digits.x[:110], digits.y[:110]
    net = network()
    frozen = SGD(1e-30)
    history = quiet(net, x, y, epochs=1, batch_size=48, optimiser=frozen)
    loss, accuracy = net.evaluate(x, y)
    assert history.loss == [pytest.approx(loss, rel=1e-5)]
    assert history.accuracy == [pytest.approx(accuracy)]


def test_the_same_seed_trains_the_same_network_with_dropout_and_two_workers(digits):
    runs = []
    for seed in (1, 1, 2):
        net = network(dropped=0.3)
        quiet(net, *digits, seed=seed, workers=2, batch_size=128)
        runs.append(net.get_weights())
    same(runs[0], runs[1])
    assert not np.array_equal(runs[0]["dense_5/kernel"], runs[2]["dense_5/kernel"])


@pytest.mark.parametrize("make", [lambda: Adam(), lambda: SGD(0.05, momentum=0.9)], ids=["Adam", "SGD"])
def test_a_resumed_training_ends_where_an_unbroken_one_does(make, digits, tmp_path):
    validation = digits.x[:50], digits.y[:50]
    whole, halves = network(dropped=0.3), network(dropped=0.3)
    unbroken = quiet(whole, *digits, epochs=5, optimiser=make(), validation=validation)
    path = tmp_path / "run.npz"
    quiet(halves, *digits, epochs=2, optimiser=make(), validation=validation, checkpoint=path)
    again = network(seed=9, dropped=0.3)  # everything that counts comes from the file
    resumed = quiet(again, *digits, epochs=5, optimiser=make(), validation=validation, checkpoint=path)
    assert resumed == unbroken
    same(again.get_weights(), whole.get_weights())


def test_a_finished_training_is_not_repeated(digits, tmp_path):
    net, path = network(), tmp_path / "run.npz"
    first = quiet(net, *digits, epochs=2, checkpoint=path)
    weights = net.get_weights()
    assert quiet(net, *digits, epochs=2, checkpoint=path) == first
    same(net.get_weights(), weights)


def test_a_checkpoint_that_cannot_be_written_costs_no_training(digits, tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("cnncourse.training.loop.write_arrays", full_disk)
    with pytest.warns(RuntimeWarning, match="not written: No space left"):
        history = quiet(network(), *digits, epochs=2, checkpoint=tmp_path / "run.npz")
    assert (history.stopped, history.epochs) == ("finished", 2)


def test_a_killed_training_resumes_from_its_last_epoch(tmp_path):
    script = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        from test_training import network, quiet
        from cnncourse.data import mnist, stratified_subset
        data = mnist()
        part = stratified_subset(data.x_train, data.y_train, per_class=30)
        quiet(network(), *part, epochs=int(sys.argv[1]), checkpoint=sys.argv[2])
    """)

    def run(epochs, path):
        return subprocess.Popen([sys.executable, "-c", script, str(epochs), str(path)])

    path = tmp_path / "killed.npz"
    victim = run(100_000, path)
    while not path.exists():
        assert victim.poll() is None
        time.sleep(0.01)
    time.sleep(0.2)
    victim.kill()
    victim.wait()
    net, unbroken = network(), network()
    data = mnist()
    part = stratified_subset(data.x_train, data.y_train, per_class=30)
    done = quiet(net, *part, epochs=1, checkpoint=path).epochs
    quiet(unbroken, *part, epochs=done)
    quiet(net, *part, epochs=done, checkpoint=path)
    same(net.get_weights(), unbroken.get_weights())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 64}, "batch_size"),
        ({"seed": 5}, "seed"),
        ({"optimiser": SGD(0.1)}, "optimiser"),
        ({"validation": (np.zeros((4, 28, 28, 1), np.float32), np.zeros(4, int))}, "validation"),
        ({"loss": CrossEntropy(label_smoothing=0.1)}, "label_smoothing=0.1"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(change, words, digits, tmp_path):
    path = tmp_path / "run.npz"
    quiet(network(), *digits, epochs=1, checkpoint=path)
    with pytest.raises(ValueError, match=f"another training.*{words}"):
        quiet(network(), *digits, epochs=2, checkpoint=path, **change)
    with pytest.raises(ValueError, match="of another network"):
        quiet(Network([Flatten(), Dense(10)], (28, 28, 1)), *digits, epochs=2, checkpoint=path)


def test_training_stops_early_and_keeps_the_best_weights(digits):
    x, y = digits.x[:100], digits.y[:100]
    wrong = (y + 1) % 10  # the better it learns, the worse it does on these
    net = network()
    history = quiet(net, x, y, epochs=50, validation=(x, wrong), patience=3)
    assert history.stopped == "early"
    assert history.epochs == history.best_epoch + 4
    assert net.evaluate(x, wrong)[0] == pytest.approx(min(history.val_loss), rel=1e-5)


def test_the_network_ends_with_its_best_epoch_also_without_patience(digits):
    x, y = digits.x[:100], digits.y[:100]
    net = network()
    history = quiet(net, x, y, epochs=6, validation=(x, (y + 1) % 10))
    assert history.stopped == "finished"
    assert net.evaluate(x, (y + 1) % 10)[0] == pytest.approx(min(history.val_loss), rel=1e-5)


def test_an_interrupt_stops_after_the_batch_and_leaves_a_usable_network(digits):
    net = network()
    before = net.get_weights()
    handler = signal.getsignal(signal.SIGINT)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    history = quiet(net, *digits, epochs=100_000)
    assert history.stopped == "interrupted"
    assert signal.getsignal(signal.SIGINT) is handler
    assert not np.array_equal(net.get_weights()["dense_5/kernel"], before["dense_5/kernel"])
    assert np.isfinite(net.predict(digits.x)).all()
    quiet(net, *digits, epochs=1)


@pytest.fixture
def terminal():
    """What Ctrl-C does at a terminal; where the tests run in the background of a shell, it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_interrupt_breaks_off_at_once(digits, terminal):
    def press_twice():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    steps = []

    class Slow(SGD):
        def step(self, params, grads):
            steps.append(params)
            time.sleep(5)

    threading.Timer(0.2, press_twice).start()
    with pytest.raises(KeyboardInterrupt):
        quiet(network(), *digits, optimiser=Slow())
    assert len(steps) == 1


def test_training_works_outside_the_main_thread(digits):
    histories = []
    thread = threading.Thread(target=lambda: histories.append(quiet(network(), *digits, epochs=1)))
    thread.start()
    thread.join()
    assert histories[0].stopped == "finished"


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_a_diverging_training_stops_and_says_why(digits):
    net = network()
    with pytest.warns(RuntimeWarning, match="spoilt the weights.*smaller learning rate"):
        history = quiet(net, *digits, optimiser=SGD(1e30))
    assert history.stopped == "diverged"


def test_after_a_divergence_the_best_weights_are_put_back(digits):
    net = network()
    rates = iter([0.01] * 6)
    explosive = SGD(lambda step: next(rates, 1e30))
    with pytest.warns(RuntimeWarning), np.errstate(all="ignore"):
        history = quiet(net, *digits, optimiser=explosive, validation=digits)
    assert history.stopped == "diverged"
    assert net.evaluate(*digits)[0] == pytest.approx(history.val_loss[0], rel=1e-5)


def test_a_last_step_that_spoils_the_weights_is_no_finished_epoch(digits, tmp_path):
    class Spoiler(SGD):
        def step(self, params, grads):
            super().step(params, grads)
            if self.steps == 12:  # the last of the second epoch
                params["dense_5/bias"][0] = np.nan

    path = tmp_path / "run.npz"
    with pytest.warns(RuntimeWarning, match="spoilt"):
        history = quiet(network(), *digits, optimiser=Spoiler(0.01), checkpoint=path)
    assert (history.stopped, history.epochs) == ("diverged", 1)
    assert all(np.isfinite(array).all() for array in read_arrays(path, needs=())[1].values())


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -1.0, None])
def test_a_schedule_that_gives_no_rate_is_named(rate, digits):
    with pytest.raises(ValueError, match="the learning rate of step 2 is"):
        quiet(network(), *digits, optimiser=SGD(lambda step: 0.1 if step < 2 else rate))


def test_an_optimiser_of_another_network_is_refused_before_anything_moves(digits):
    used = SGD(0.1, momentum=0.9)
    quiet(network(), *digits, epochs=1, optimiser=used)
    other = Network([Conv2D(8, 3), ReLU(), MaxPooling2D(3), Dropout(0), Flatten(), Dense(11)], (28, 28, 1))
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"dense_5/kernel has shape .* used for another network"):
        quiet(other, *digits, optimiser=used)
    same(other.get_weights(), before)


def test_a_schedule_that_is_an_object_can_be_resumed_by_another_process(digits, tmp_path):
    class Steady:
        def __call__(self, step):
            return 0.01

    path = tmp_path / "run.npz"
    quiet(network(), *digits, epochs=1, optimiser=SGD(Steady()), checkpoint=path)
    assert quiet(network(), *digits, epochs=2, optimiser=SGD(Steady()), checkpoint=path).epochs == 2


def test_a_validation_loss_that_is_nan_is_not_the_best():
    assert History(loss=[1.0] * 4, val_loss=[0.6, 0.5, float("nan"), 0.7]).best_epoch == 1


def test_targets_that_are_no_labels_are_learnt_too(rng):
    x = rng.standard_normal((200, 3)).astype(np.float32)
    y = (x @ np.array([[1.0], [-2.0], [0.5]])).astype(np.float32)
    net = Network([Dense(1)], (3,))
    history = quiet(net, x, y, epochs=60, loss=MeanSquaredError(), optimiser=SGD(0.1), validation=(x, y))
    assert history.loss[-1] < 1e-6
    assert history.accuracy == history.val_accuracy == []


def test_a_learning_rate_may_be_a_function_of_the_step(digits):
    asked = []

    def rate(step):
        asked.append(step)
        return 0.01

    quiet(network(), *digits, epochs=1, optimiser=SGD(rate))
    assert asked[0] == 0
    assert sorted(set(asked)) == list(range(6))


def test_the_bar_shows_loss_accuracy_and_the_time_left(digits, capsys):
    fit(network(), *digits, epochs=2, batch_size=50, validation=digits)
    shown = capsys.readouterr().out
    for words in ("epoch 1/2", "epoch 2/2", "loss=", "accuracy=", "val_loss=", "val_accuracy=", "00:00<"):
        assert words in shown


def test_images_and_labels_come_back_unmodified(digits):
    x, y = digits.x.copy(), digits.y.copy()
    quiet(network(), x, y, epochs=1)
    assert_array_equal(x, digits.x)
    assert_array_equal(y, digits.y)


def test_the_best_epoch_without_validation_is_the_last():
    assert History(loss=[3.0, 1.0, 2.0]).best_epoch == 2


# --- weights for classes ---------------------------------------------------------------------------------------------


def test_class_weights_train_like_a_loss_that_has_them_and_validate_without(digits):
    x, y = digits.x[:100], digits.y[:100]
    one, two, plain = network(), network(), network()
    weights = [1.0, 5.0, *8 * [1.0]]
    weighted = quiet(one, x, y, class_weight={1: 5.0}, validation=(x, y))
    by_loss = quiet(two, x, y, loss=CrossEntropy(class_weights=weights), validation=(x, y))
    quiet(plain, x, y, validation=(x, y))
    assert weighted.loss == by_loss.loss
    same(one.get_weights(), two.get_weights())
    assert weighted.val_loss[-1] < by_loss.val_loss[-1]
    assert weighted.val_loss[weighted.best_epoch] == pytest.approx(one.evaluate(x, y)[0], rel=1e-5)
    assert not np.array_equal(one.params["dense_5/kernel"], plain.params["dense_5/kernel"])


def test_class_weights_make_the_steps_that_keras_makes(rng):
    import keras

    x, y, weights = rng.standard_normal((60, 5)).astype(np.float32), rng.integers(0, 3, 60), {0: 0.5, 2: 4.0}
    net = Network([Dense(3)], (5,))
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    model.set_weights([net.params["dense_0/kernel"], net.params["dense_0/bias"]])
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    options = {"epochs": 3, "batch_size": 60, "class_weight": weights}
    losses = model.fit(x, y, verbose=0, shuffle=False, **options).history["loss"]
    history = quiet(net, x, y, optimiser=SGD(0.1), **options)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-5)
    np.testing.assert_allclose(net.params["dense_0/kernel"], model.get_weights()[0], rtol=1e-4, atol=1e-6)


# --- augmentation ----------------------------------------------------------------------------------------------------


def test_what_the_network_sees_is_what_augment_returns(digits):
    x, y = digits.x[:90], digits.y[:90]
    turned, seen = network(), network()
    one = quiet(turned, x, y, augment=lambda images, rng: images[:, ::-1])
    two = quiet(seen, np.ascontiguousarray(x[:, ::-1]), y)
    np.testing.assert_allclose(one.loss, two.loss, rtol=1e-5)


def test_labels_are_changed_together_with_the_images(digits):
    x, y = digits.x[:90], digits.y[:90]
    one, two = network(), network()
    quiet(one, x, y, augment=lambda images, labels, rng: (images, 9 - labels))
    quiet(two, x, 9 - y)
    same(one.get_weights(), two.get_weights())


def noisy(images, rng, much=0.3):
    return images + much * rng.standard_normal(images.shape)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_changes_depend_on_seed_and_epoch_and_not_on_the_workers(workers, digits, tmp_path):
    def run(**options):
        seen = []

        def watched(images, rng):
            assert images.dtype == np.float32
            seen.append(rng.random(3))
            return images

        quiet(network(), *digits, augment=watched, batch_size=128, workers=workers, **options)
        return seen

    first, again, other = run(epochs=2), run(epochs=2), run(epochs=2, seed=1)
    assert len(first) == 6
    for one, two in zip(first, again):
        assert_array_equal(one, two)
    assert not np.array_equal(first[0], first[3])
    assert not np.array_equal(first[0], other[0])
    path = tmp_path / "run.npz"
    resumed = run(epochs=1, checkpoint=path) + run(epochs=2, checkpoint=path)
    for one, two in zip(first, resumed, strict=True):
        assert_array_equal(one, two)


def test_an_augmentation_changes_neither_the_order_of_the_images_nor_the_images_themselves(digits):
    x, y = digits.x.copy(), digits.y
    plain, same_images = network(dropped=0.3), network(dropped=0.3)

    def spoil(images, rng):
        copy = images.copy()
        images[...] = rng.random(images.shape)
        return copy

    quiet(plain, x, y)
    quiet(same_images, x, y, augment=spoil)
    same(plain.get_weights(), same_images.get_weights())
    assert_array_equal(x, digits.x)


def test_soft_labels_are_learnt_and_validated_on_hard_ones(digits):
    def blend(images, labels, rng):
        order, share = rng.permutation(len(images)), 0.7
        targets = np.eye(10)[labels]
        return share * images + (1 - share) * images[order], share * targets + (1 - share) * targets[order]

    options = {"optimiser": Adam(0.01), "epochs": 12, "validation": digits}
    history = quiet(network(), *digits, loss=SoftCrossEntropy(), augment=blend, **options)
    assert history.accuracy == []
    assert history.val_accuracy[-1] > 0.9
    with pytest.raises(ValueError, match="one-hot"):
        quiet(network(), *digits, augment=blend)


def test_a_checkpoint_with_another_augmentation_or_other_class_weights_is_refused(digits, tmp_path):
    path = tmp_path / "run.npz"
    quiet(network(), *digits, epochs=1, checkpoint=path, augment=noisy, class_weight={1: 2.0})
    for change in ({"class_weight": {1: 2.0}}, {"augment": noisy}, {"augment": noisy, "class_weight": {1: 3.0}}):
        with pytest.raises(ValueError, match="another training"):
            quiet(network(), *digits, epochs=2, checkpoint=path, **change)


X, Y = np.zeros((8, 28, 28, 1), np.float32), np.zeros(8, int)


@pytest.mark.parametrize(
    ("x", "y", "options", "words"),
    [
        (X.astype(np.uint8), Y, {}, "in the training set, x has dtype uint8.*/ 255"),
        (X, Y + 10, {}, "in the training set, labels go from 10 to 10, but with 10 classes they must lie in 0 ... 9"),
        (X, Y - 1, {}, "labels go down to -1"),
        (X, np.full(8, np.nan), {}, "8 NaN"),
        (X, np.eye(10)[Y], {}, r"one-hot: pass labels.argmax\(axis=1\)"),
        (X, Y[:7], {}, r"labels have shape \(7,\), but there are 8 images"),
        (X[:0], Y[:0], {}, "there are no images"),
        (X * np.nan, Y, {}, "NaN or infinite"),
        (X[:, :27], Y, {}, r"takes \(28, 28, 1\)"),
        (X, Y, {"epochs": 0}, "epochs is 0"),
        (X, Y, {"batch_size": 12.5}, "batch_size is 12.5"),
        (X, Y, {"patience": 2}, "pass validation"),
        (X, Y, {"validation": (X, Y + 10)}, "in the validation set, labels"),
        (X, Y, {"workers": 0}, "workers is 0"),
        (X, Y, {"optimiser": "adam"}, "an object is needed, such as SGD"),
        (X, Y, {"optimiser": Adam}, "an object is needed, such as SGD"),
        (X, Y, {"loss": CrossEntropy}, r"an object is needed, such as CrossEntropy\(\)"),
        (X, Y, {"validation": 0.1}, "a pair of images and labels"),
        (X, Y, {"seed": None}, "seed is None"),
        (X, Y, {"class_weight": [1.0, 2.0]}, r"a dict is needed, such as \{0: 1.0, 1: 5.0\}"),
        (X, Y, {"class_weight": {10: 1.0}}, "a class 10, but the classes are 0 ... 9"),
        (X, Y, {"class_weight": {0.5: 1.0}}, "a class of class_weight is 0.5"),
        (X, Y, {"class_weight": {1: -1}}, "the weight of class 1 is -1"),
        (X, np.zeros((8, 10)), {"class_weight": {1: 2}, "loss": BinaryCrossEntropy()}, "such as CrossEntropy"),
        (X, Y, {"class_weight": {1: 2}, "loss": CrossEntropy(class_weights=np.ones(10))}, "has weights already"),
        (X, Y, {"augment": "flip"}, r"augment is 'flip', but a function \(images, rng\) -> images"),
        (X, Y, {"augment": lambda images: images}, r"augment takes \['images'\], but it is called with"),
        (X, Y, {"augment": lambda images, rng: images[1:]}, r"augment returned .*\(7, 28, 28, 1\)"),
        (X, Y, {"augment": lambda images, labels, rng: images}, "augment returned ndarray, but"),
        (X, Y, {"augment": lambda images, labels, rng: (images, labels[1:])}, "and a label for each"),
        (X, Y, {"checkpoint": "/nowhere/run.npz"}, "there is no folder /nowhere: make it first"),
    ],
)
def test_what_cannot_be_trained_on_is_named_before_training_starts(x, y, options, words):
    net = network()
    before = net.get_weights()
    with pytest.raises(ValueError, match=words):
        quiet(net, x, y, **options)
    same(net.get_weights(), before)
