#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench.py - ours beside ONNX Runtime, OpenVINO and ncnn: a row a network, size and number of threads.

  bench.py --programs BUILD/tests/bench --folder FOLDER [--nets NAME...] [--sizes WxH...] [--threads N...] [--rounds N]
           [--peers NAME...] [--cpu avx2] [--budget S] [--timeout S] [--json FILE [--resume]] [--no-errors]

`make bench BENCH_ARGS=...` starts it. FOLDER holds its Python environment, the networks and the references; nothing of it
is needed again. A row's engines run in turns (ours, one, the other, ...), each time in a new process on the same cores
with the model loaded before the clock runs; the least of all seconds counts, the median is in the file of JSON lines.
A new turn begins while the row's budget of seconds lasts. "ratio": the fastest peer's seconds / ours. GFLOPS: two
operations a multiply-add of the direct sum / seconds; the share is that of the FMA peak measured before the row with the
same threads. MiB: most resident memory while running above that with the model loaded; ours has its weights packed, its
plan made within that. "error": the largest difference to float64 / the largest value, on a smaller picture.
"""
import argparse
import collections
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import time

import engines

FIRST = ["dncnn", "ffdnet", "edsr-x2", "srvgg-x4", "drunet"]
SIZES = {**{name: ["512x512", "2048x1536"] for name in FIRST}, "rrdb": ["256x256"]}
ERROR_SIZES = {"rrdb": "64x64", "drunet": "128x128"}  # else 256x256; the reference takes a minute
Case = collections.namedtuple("Case", "name size shape open fixed input")


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--programs", required=True, help="where bench and peak were built")
    p.add_argument("--folder", required=True)
    p.add_argument("--nets", nargs="+")
    p.add_argument("--sizes", nargs="+", help="default: 512x512 and, the first five, 2048x1536; rrdb 256x256")
    p.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--runs", type=int, default=5, help="the most of one process")
    p.add_argument("--seconds", type=float, default=4, help="that the runs of one process may take, though two are made")
    p.add_argument("--budget", type=float, default=240, help="seconds of a row, after which no further round begins")
    p.add_argument("--timeout", type=float, default=900, help="of one process")
    p.add_argument("--peers", nargs="*", default=engines.PEERS, choices=engines.PEERS)
    p.add_argument("--cpu", help="CNNIMG_CPU for ours and for the peak")
    p.add_argument("--json", default="", help="rows are appended here (default: FOLDER/rows.jsonl)")
    p.add_argument("--resume", action="store_true", help="rows that the file has are not measured again")
    p.add_argument("--no-errors", action="store_true")
    return p.parse_args()


def say(*words):
    print(*words, file=sys.stderr, flush=True)


# ---- one case -------------------------------------------------------------------------------------------------

def make_case(o, name, text):
    """The files of one network at one size: written when they are not there."""
    import nets
    import numpy as np
    size = nets.fits(name, tuple(int(v) for v in reversed(text.split("x"))))
    shape = (1, nets.NETS[name][1], *size)
    array = os.path.join(o.folder, f"input-{shape[1]}-{size[1]}x{size[0]}.npy")
    if not os.path.exists(array):
        np.save(array, nets.picture(*shape[1:]))
    return Case(name, size, shape, nets.write(o.folder, name), nets.write(o.folder, name, size), array)


def forget(o, name, text):
    """What was made for one size only is large and quickly made again."""
    import nets
    size = nets.fits(name, tuple(int(v) for v in reversed(text.split("x"))))
    base = os.path.basename(nets.path_of("", name, size)).removesuffix(".onnx")
    for file in os.listdir(o.folder):
        if file.startswith((base + ".", base.replace("-", "_") + ".", base.replace("-", "_") + "_")):
            os.remove(os.path.join(o.folder, file))


def reference(o, case):
    """float64, kept: it takes longest."""
    import float64
    import numpy as np
    import onnx
    path = os.path.join(o.folder, f"reference-{case.name}-{case.size[1]}x{case.size[0]}.npy")
    if not os.path.exists(path):
        say(f"{case.name}: float64 reference")
        np.save(path, float64.run(onnx.load(case.fixed), np.load(case.input)))
    return np.load(path)


def errors_of(o, e, name):
    """{engine: relative error, or a sentence}; ours runs in as many threads as there are."""
    import numpy as np
    text = ERROR_SIZES.get(name, "256x256")
    case = make_case(o, name, text)
    want, out, told = reference(o, case), os.path.join(o.folder, "answer.npy"), {}
    for engine in e.names:
        done = e.run(engine, case, max(o.threads), 1, out)
        if "failed" in done:
            told[engine] = done["failed"]
            continue
        got = np.load(out)
        good = got.shape == want.shape
        told[engine] = float(np.abs(got - want).max() / np.abs(want).max()) if good else f"shape {got.shape}"
    forget(o, name, text)
    return told


def row_of(o, e, name, text, threads, errors):
    """Rounds of one network, size and number of threads."""
    case = make_case(o, name, text)
    peak = e.peak(os.path.join(o.programs, "peak"), threads)
    took, rest, failed = {n: [] for n in e.names}, {}, {}
    start, longest = time.monotonic(), 0
    for i in range(o.rounds):
        begun = time.monotonic()
        if i and begun - start + longest > o.budget:
            break
        for n in [n for n in e.names if n not in failed]:
            # Twice at least: the first touches memory that the second has.
            runs = max(2, min(o.runs, int(o.seconds / min(took[n])))) if took[n] else 2
            done = e.run(n, case, threads, runs)
            if "failed" in done:
                failed[n] = done["failed"]
                say(f"{name} {text}: {n}: {failed[n]}")
                continue
            took[n] += done["all"]
            rest[n] = {**rest.get(n, {}), **done, "peak_bytes": min(done["peak_bytes"], rest.get(n, done)["peak_bytes"])}
        longest = max(longest, time.monotonic() - begun)
        say(f"{name} {text} {threads} threads, round {i + 1}: " +
            ", ".join(f"{n} {min(t):.4f}" for n, t in took.items() if t))
    return make_row(o, case, text, threads, peak, took, rest, failed, errors)


def make_row(o, case, text, threads, peak, took, rest, failed, errors):
    best = {n: min(t) for n, t in took.items() if t}
    peers = [best[n] for n in best if n != "ours"]
    row = {"net": case.name, "size": f"{case.size[1]}x{case.size[0]}", "asked": text, "threads": threads,
           "cpu": o.cpu or "", "seconds": best, "median": {n: statistics.median(t) for n, t in took.items() if t},
           "all": took, "peak_bytes": {n: r["peak_bytes"] for n, r in rest.items()}, "failed": failed, "errors": errors,
           "peak_gflops": peak.get("gflops"), "level": peak.get("level")}
    if "ours" in best:
        # Seconds of the report are those of its own round; the operations are the same in each.
        row["gflops"] = rest["ours"]["gflops"] * rest["ours"]["seconds"] / best["ours"]
        row["plan"] = rest["ours"]["plan"]
        if peers:
            row["ratio"] = min(peers) / best["ours"]
    return row


# ---- the table ----------------------------------------------------------------------------------------------------

def number(values, n, form):
    v = values.get(n)
    return "-" if v is None or isinstance(v, str) else form.format(v)


def print_head(names):
    short = [engines.SHORT[n] for n in names]
    cells = ["network", "size", "threads", *[f"{s}, s" for s in short], "ratio", "GFLOPS", "of peak",
             "MiB " + " / ".join(short), "error " + " / ".join(short)]
    print("| " + " | ".join(cells) + " |\n" + "|---" * len(cells) + "|", flush=True)


def print_row(row, names):
    mib = {n: v / 1048576 for n, v in row["peak_bytes"].items()}
    gflops, limit = row.get("gflops"), row["peak_gflops"]
    cells = [row["net"], row["size"], str(row["threads"]), *[number(row["seconds"], n, "{:.4f}") for n in names],
             number(row, "ratio", "{:.2f}"), number(row, "gflops", "{:.0f}"),
             f"{gflops / limit:.0%} of {limit:.0f}" if gflops and limit else "-",
             " / ".join(number(mib, n, "{:.0f}") for n in names),
             " / ".join(number(row["errors"], n, "{:.1e}") for n in names)]
    print("| " + " | ".join(cells) + " |", flush=True)
    for n, reason in {**{n: v for n, v in row["errors"].items() if isinstance(v, str)}, **row["failed"]}.items():
        print(f"{row['net']} {row['size']}: {n}: {reason}", flush=True)


def geometric(values):
    return statistics.geometric_mean(values) if values else float("nan")


def print_sums(rows):
    for threads in sorted({r["threads"] for r in rows}):
        mine = [r for r in rows if r["threads"] == threads and "ratio" in r]
        five = [r for r in mine if r["net"] in FIRST]
        if five:
            print(f"threads {threads}: geometric mean of the ratio, {len({r['net'] for r in five})} of the first five, "
                  f"{', '.join(sorted({r['size'] for r in five}))}: {geometric([r['ratio'] for r in five]):.2f}")
        if mine:
            least = min(mine, key=lambda r: r["ratio"])
            print(f"threads {threads}: smallest ratio of {len({r['net'] for r in mine})} networks: {least['ratio']:.2f} "
                  f"({least['net']} {least['size']}); all {len(mine)} rows: {geometric([r['ratio'] for r in mine]):.2f}")
    print_worst([r for r in rows if all(isinstance(r["errors"].get(n), float) for n in ("ours", "onnxruntime"))])


def print_worst(rows):
    if rows:
        worst = max(rows, key=lambda r: r["errors"]["ours"] / r["errors"]["onnxruntime"])
        print(f"largest error of ours / that of ONNX Runtime: "
              f"{worst['errors']['ours'] / worst['errors']['onnxruntime']:.1f} ({worst['net']})")


def print_machine(o, e):
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    where = os.path.dirname(os.path.abspath(__file__))
    commit = subprocess.run(["git", "-C", where, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    print(f"processor: {model}, {len(os.sched_getaffinity(0))} cores; kernel {platform.release()}; Python {platform.python_version()}")
    print(f"ours: {commit or 'no commit'}{', CNNIMG_CPU=' + o.cpu if o.cpu else ''}; " +
          "; ".join(f"{n} {engines.version(n)}" for n in [*e.names[1:], "pnnx", *engines.NEEDED] if engines.version(n)))
    for threads in o.threads:
        told = e.peak(os.path.join(o.programs, "peak"), threads)
        print(f"FMA peak, {threads} threads: {told.get('gflops', told)} GFLOPS ({told.get('level')})", flush=True)


# ---- all of it ----------------------------------------------------------------------------------------------------

def kept_rows(o):
    if not o.resume or not os.path.exists(o.json):
        return {}
    with open(o.json) as f:
        rows = [json.loads(line) for line in f]
    return {(r["net"], r["asked"], r["threads"]): r for r in rows if r["cpu"] == (o.cpu or "")}


def plan_of(o, names):
    """(net, size) in the order of their cost: what matters most is there first."""
    cases = [(n, s) for n in names for s in (o.sizes or SIZES.get(n, ["512x512"]))]
    return sorted(cases, key=lambda c: int(c[1].split("x")[0]) * int(c[1].split("x")[1]))


def measure_all(o, e, names):
    kept, errors, rows = kept_rows(o), {}, []
    print_head(e.names)
    for name, text in plan_of(o, names):
        for threads in o.threads:
            row = kept.get((name, text, threads))
            if not row:
                if name not in errors:
                    errors[name] = {} if o.no_errors else errors_of(o, e, name)
                row = row_of(o, e, name, text, threads, errors[name])
                with open(o.json, "a") as f:
                    f.write(json.dumps(row) + "\n")
            print_row(row, e.names)
            rows.append(row)
        forget(o, name, text)
    return rows


def main():
    o = parse()
    o.folder, o.programs = os.path.abspath(o.folder), os.path.abspath(o.programs)
    o.json = o.json or os.path.join(o.folder, "rows.jsonl")
    os.makedirs(o.folder, exist_ok=True)
    engines.enter(os.path.join(o.folder, "python"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no process is left behind
    import nets
    absent = {n: engines.missing(n) for n in o.peers if engines.missing(n)}
    e = engines.Engines(os.path.join(o.programs, "bench"), [n for n in o.peers if n not in absent], o.cpu, o.timeout, o.folder)
    print_machine(o, e)
    for n, reason in absent.items():
        print(f"without {n}: {reason}")
    rows = measure_all(o, e, o.nets or list(nets.NETS))
    print_sums(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
