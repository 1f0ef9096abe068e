"""What all layers share."""

import copy
from dataclasses import asdict, dataclass

import numpy as np

from cnncourse import initialisers
from cnncourse.fast import Workspace

INITIALISERS = ("glorot_uniform", "glorot_normal", "he_uniform", "he_normal")


def initialiser(name):
    """The function of `cnncourse.initialisers` with that name.

    >>> initialiser("he_normal").__name__
    'he_normal'
    """
    if name not in INITIALISERS:
        raise ValueError(f"initialiser is {name!r}, but one of {INITIALISERS} is needed")
    return getattr(initialisers, name)


@dataclass(eq=False)
class Layer:
    """Every layer has ``function(x) -> y, cache`` and ``gradient(dy, cache) -> dx``.

    One with weights also fills `params` in `build` and `grads` in `gradient`.

    A layer's knobs are the fields of a dataclass, which gives it `repr` and `config`. (`eq=False`: two layers with
    equal knobs are still two layers.)

    Attributes
    ----------
    name : what a network calls it, such as "conv2d_0".
    params, grads : dict of ndarray, with the same keys; `grads` is filled by `backward`.
    state : dict of ndarray that training changes but no gradient does (running statistics).
    rng : where random numbers come from, for layers that draw any.
    space : the `Workspace` to compute in, or None for fresh memory at each call. A layer in a workspace overwrites
        what it returned before; a network sets it on copies of its own and never on the layers you hold.
    needs_dx : False on the first layer in training: nobody asks for the gradient of the data, so `backward` may return
        None.

    >>> @dataclass(eq=False)
    ... class Square(Layer):
    ...     def function(self, x): return x**2, x
    ...     def gradient(self, dy, x): return 2 * x * dy
    >>> layer = Square()
    >>> layer.forward(np.array([[1.0, 3.0]])), layer.backward(np.array([[1.0, 1.0]]))
    (array([[1., 9.]]), array([[2., 6.]]))
    """

    mixes_images = False  # does the output for one image depend on the others in its batch?

    def __post_init__(self):
        self.name = type(self).__name__.lower()
        self.params, self.grads, self.state = {}, {}, {}
        self.rng = np.random.default_rng(0)
        self.cache, self.space, self.needs_dx = None, None, True

    def build(self, input_shape, rng, dtype=np.float32):
        """Make the weights for images of `input_shape` (without N)."""

    def output_shape(self, input_shape):
        """The shape (without N) that an input of that shape comes out with."""
        return input_shape

    def macs(self, input_shape):
        """How many multiply-accumulate operations one image costs."""
        return 0

    def window(self, input_shape):
        """(kernel_size, stride, padding before, dilation) for each image axis; None if it looks at the whole image."""
        return ((1, 1, 0, 1),) * (len(input_shape) - 1)

    def forward(self, x, training=False):
        """`training` matters to layers that behave differently then: dropout and batch normalisation."""
        y, self.cache = self.function(x)
        return y

    def backward(self, dy):
        """dy, in the shape of the output -> dx, in the shape of x; fills `grads`."""
        if self.cache is None:
            raise RuntimeError(f"{self!r} has nothing to go back from: call forward before backward")
        return self.gradient(dy, self.cache)

    def workspace(self):
        """Where to compute: this layer's own workspace, or memory that nobody else will overwrite."""
        return self.space or Workspace()

    def require_axes(self, input_shape, count):
        if len(input_shape) != count:
            raise ValueError(f"{self!r} takes images of {count} axes, but the shape {tuple(input_shape)} came")

    def require_params(self):
        if not self.params:
            raise ValueError(f"{self!r} has no weights yet: stack it in a Network, or call build(input_shape, rng)")

    def named(self, arrays):
        """Arrays of this layer (`params`, `grads` or `state`) under the names that a network has for them."""
        return {f"{self.name}/{key}": array for key, array in arrays.items()}

    def config(self):
        """The arguments that make this layer again."""
        return asdict(self)

    def replica(self, space):
        """A copy that shares the weights and the state, has gradients and a cache of its own, and works in `space`."""
        twin = copy.copy(self)
        twin.grads, twin.cache, twin.space = {}, None, space
        return twin
