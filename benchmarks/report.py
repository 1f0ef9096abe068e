"""What was measured, as JSON on disk and as a Markdown table for the README and the book."""

import json
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"
README = Path(__file__).parent.parent / "README.md"


def load():
    """What has been recorded so far."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def record(**measured):
    """Keep what was measured beside what other runs have measured, and show the table in the README."""
    results = load() | measured
    text = README.read_text()
    before, rest = text.split("<!-- bench -->\n")  # both marks must be there: nothing of the README may be lost
    _, after = rest.split("<!-- /bench -->\n")
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    README.write_text(f"{before}<!-- bench -->\n{table(results['speed'])}\n<!-- /bench -->\n{after}")


def table(speed):
    """A run of `python -m benchmarks` as Markdown: milliseconds with their range, and ratios to Keras."""
    lines = [
        "| contender | training step, batch 128 | / Keras fit | forward, 256 images | / tf.function | memory |",
        "|---|---|---|---|---|---|",
    ]
    for row in speed["rows"]:
        low, high = row["train range"]
        memory = "?" if row["training MiB"] is None else f"{row['training MiB']:.0f} MiB"
        lines.append(
            f"| {row['contender']} | {row['train ms']:.1f} ms ({low:.1f} to {high:.1f}) | **{row['train ratio']:.2f}** "
            f"| {row['infer ms']:.1f} ms | **{row['infer ratio']:.2f}** | {memory} |"
        )
    lines += ["", f"{speed['machine']}; medians of {speed['rounds']} rounds, {speed['date']}.", ""]
    for row in speed["rows"]:
        note = f"- {row['contender']}: {row['about']}"
        if "products ms" in row:
            note += (
                f". Its matrix products alone take {row['products ms']:.1f} ms ({row['products GFLOPS']:.0f} GFLOPS), "
                f"{row['products ms'] / row['train ms']:.0%} of a training step"
            )
        lines.append(note)
    return "\n".join(lines)
