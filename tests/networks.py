"""What the tests of architectures share: the zoo, built once, and a network that is in no paper."""

from functools import cache

from cnncourse.architectures import build, named, read
from cnncourse.architectures.vocabulary import WORDS


@cache
def of_zoo(name):
    """The graph of a network of the zoo, at its own size; nobody changes it."""
    return build(named(name))


UNSEEN = """
network Two roads
input 40 36 3
f = 8
block unit(k, f, s=1, g=1)
    conv k f stride=s groups=g bias=no -> batch_norm -> relu
block gate(c, r=2)
    multiply
      | identity
      | global_avg_pool -> dense c//r -> silu -> dense c -> sigmoid
stem: unit 5x3 f s=2
roads: concat
  | unit 1x1 f
  | unit 3x3 f -> depthwise_conv 3x3 dilation=2 multiplier=2
  | max_pool 3x3 stride=1 -> unit 1x1 f
gated: gate C
skips: add
  | unit 1x7 2*f -> unit 7x1 4*f g=4 -> shuffle 4
    add
      | unit 3x3 C
      | identity
  | identity
down: avg_pool 2x2 -> conv 3x3 2*f padding=2 -> gelu
output: global_avg_pool -> dropout 0.1 -> dense 5 -> softmax
"""

ARGUMENTS = {"kernel": "3x3", "filters": "4", "units": "4", "rate": "0.5", "size": "3", "groups": "2", "heads": "2"}


def with_word(name):
    """A graph that ends with one node of that word."""
    row = " ".join([name, *(ARGUMENTS[argument] for argument in WORDS[name].arguments)])
    row += " maps=01" if name == "sparse_conv" else ""
    on_tokens = name in ("attention", "positions", "class_token", "first_token")
    before = "flatten -> " if name == "rbf" else "tokens -> " if on_tokens else ""
    return build(read(f"network N\ninput 6 5 4\n{before}{row}"))
