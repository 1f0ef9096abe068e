"""Which tests there are on which system: grading needs Linux, the rest of the course does not."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
GRADING = [*ROOT.glob("cnncourse/grading/**/*.py"), *ROOT.glob("tests/corpus/*.py")]
GRADING += [path for path in ROOT.glob("tests/*.py") if "cnncourse.grading" in path.read_text(encoding="utf-8")]

collect_ignore = [] if sys.platform == "linux" else [str(path.relative_to(ROOT)) for path in GRADING]
