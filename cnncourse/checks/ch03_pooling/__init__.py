"""The tasks of chapter 3: sizes, the largest of a window and where it stood, means, shifts, blur, regions."""

from cnncourse.checks.ch03_pooling.largest import MAX_POOL, MAX_POOL_PADDED
from cnncourse.checks.ch03_pooling.means import AVG_POOL
from cnncourse.checks.ch03_pooling.regions import ADAPTIVE_AVERAGE
from cnncourse.checks.ch03_pooling.shifts import BLUR_POOL, UNCHANGED_SHARE
from cnncourse.checks.ch03_pooling.sizes import POOL_SIZES
from cnncourse.checks.ch03_pooling.winners import WINNERS

TASKS = [POOL_SIZES, MAX_POOL, MAX_POOL_PADDED, AVG_POOL, WINNERS, UNCHANGED_SHARE, BLUR_POOL, ADAPTIVE_AVERAGE]
