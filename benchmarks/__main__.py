"""Measure the engine beside the frameworks, in one interleaved run.

    python -m benchmarks                 print the table
    python -m benchmarks --record        and keep it in benchmarks/results.json, which the README and the book show
    python -m benchmarks --accuracy      train on all of MNIST with three seeds instead (minutes)

All contenders are alive during the whole run and take turns, in alternating order, for about a second each, so that
what the machine does besides hits them alike. The ratios are medians over the rounds, each round against Keras' `fit`
of the same round: read those; the milliseconds are of one machine on one day.
"""

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from statistics import median

from benchmarks.contenders import network_for
from benchmarks.report import record, table
from cnncourse.data import mnist
from cnncourse.training import Adam

FREE, HASWELL = "cnncourse", "cnncourse, Haswell kernel"
KERAS, BATCHES, TORCH = "Keras fit", "Keras train_on_batch", "PyTorch"


class Process:
    """A contender in a process of its own."""

    def __init__(self, kind, **environment):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        settings = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", **environment}
        command = [sys.executable, "-m", "benchmarks.contenders", kind]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=clean | settings, text=True, **pipes)
        self.about = self._answer()

    def ask(self, method, argument):
        self.process.stdin.write(json.dumps([method, argument]) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a contender died: run it by hand to see why: {' '.join(self.process.args)}")
        return json.loads(line)


def contest(rounds):
    """Rows of results, and what the machine is."""
    contenders = {
        FREE: Process("Cnncourse"),
        HASWELL: Process("Cnncourse", OPENBLAS_CORETYPE="Haswell"),
        KERAS: Process("Keras"),
        BATCHES: Process("KerasBatches"),
    }
    if importlib.util.find_spec("torch"):
        contenders[TORCH] = Process("Torch")
    times = {(name, task): [] for name in contenders for task in ("train", "infer")}
    for task, amount in (("train", 40), ("infer", 30)):
        for contender in contenders.values():
            contender.ask(task, amount)  # warm
        for turn in range(rounds):
            order = list(contenders)[:: 1 if turn % 2 else -1]
            for name in order:
                times[name, task].append(contenders[name].ask(task, amount)["seconds"] / amount * 1000)
            print(f"\r{task}: round {turn + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    rows = []
    for name, contender in contenders.items():
        row = {"contender": name, "about": contender.about["about"]}
        for task in ("train", "infer"):
            row[f"{task} ms"] = median(times[name, task])
            row[f"{task} range"] = [min(times[name, task]), max(times[name, task])]
            row[f"{task} ratio"] = median(a / b for a, b in zip(times[name, task], times[KERAS, task]))
        row |= {key: contender.about[key] for key in ("training MiB", "process MiB")}
        if name in (FREE, HASWELL):
            products = contender.ask("roofline", 40)["result"]
            row["products ms"] = products["seconds"] * 1000
            row["products GFLOPS"] = products["operations"] / products["seconds"] / 1e9
        rows.append(row)
    return {"machine": machine(), "rounds": rounds, "date": time.strftime("%Y-%m-%d"), "rows": rows}


def machine():
    try:
        with open("/proc/cpuinfo") as info:
            name = next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def accuracy(seeds=3, epochs=4):
    """Train the network on all of MNIST, once for each seed; the shares of right answers on the test set."""
    data = mnist()
    steps = epochs * -(-len(data.x_train) // 128)
    runs = []
    for seed in range(seeds):
        network = network_for(data.x_train, seed)
        start = time.perf_counter()
        optimiser = Adam(lambda step: 0.002 * (1 - step / steps))
        network.fit(data.x_train, data.y_train, epochs=epochs, optimiser=optimiser, seed=seed, progress=False)
        seconds = (time.perf_counter() - start) / epochs
        _, right = network.evaluate(data.x_test, data.y_test)
        print(f"seed {seed}: {right:.2%} of the test images after {epochs} epochs of {seconds:.0f} s", flush=True)
        runs.append({"seed": seed, "epochs": epochs, "accuracy": right, "seconds an epoch": seconds})
    return runs


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--record", action="store_true", help="keep the result for the README and the book")
    parser.add_argument("--accuracy", action="store_true", help="train on all of MNIST with three seeds instead")
    parser.add_argument("--rounds", type=int, default=11, help="turns for each contender (default 11)")
    options = parser.parse_args()
    if options.accuracy:
        measured = {"accuracy": accuracy()}
    else:
        measured = {"speed": contest(options.rounds)}
        print(table(measured["speed"]))
    if options.record:
        record(**measured)


if __name__ == "__main__":
    main()
