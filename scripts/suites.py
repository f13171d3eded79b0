#!/usr/bin/python3
"""Builds Reckon and runs its test suites; the last line is `N passed, N failed, N skipped` over all of them.

  scripts/test                       every suite
  scripts/test --only=lit,unit       some of them
  scripts/test --sanitize=address    the runtime's and the engine's unit tests under sanitizers (also: thread)
  scripts/test --list                what there is

A suite that cannot run says why and counts as skipped; with CI=true, missing models make the suites that need them fail.
"""

import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LLVM_BIN = "/usr/lib/llvm-22/bin"
PYTHON = "/usr/bin/python3"
CI = os.environ.get("CI") == "true"

Result = collections.namedtuple("Result", "passed failed skipped notes")


def run(command, timeout=3600, **kwargs):
    """The exit status and the merged output of a command."""
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=timeout, **kwargs)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout or b""
        return 124, (output if isinstance(output, str) else output.decode(errors="replace")) + "\n(timed out)\n"
    except OSError as error:
        return 127, str(error)


def tail(text, lines=40):
    return "\n".join(text.rstrip().splitlines()[-lines:])


def build(preset, *targets):
    """Builds a preset; the error text, or None."""
    print(f"[build] {preset} ...", flush=True)
    start = time.time()
    command = [os.path.join(ROOT, "scripts", "build"), preset, *targets]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace")
    lines = []
    said = start
    for line in process.stdout:
        lines.append(line.rstrip())
        if time.time() - said > 20 and line.startswith("["):
            print(f"[build] {preset} {line.split()[0]} after {time.time() - start:.0f} s", flush=True)
            said = time.time()
    status = process.wait()
    print(f"[build] {preset} took {time.time() - start:.0f} s", flush=True)
    if status == 0:
        return None
    return "\n".join(line for line in lines if not line.startswith("["))[-6000:]


def run_gtests(directory, env=None):
    """Runs every GoogleTest program below a build folder, two at a time left to the programs themselves."""
    passed = failed = skipped = 0
    notes = []
    programs = sorted(p for p in glob.glob(os.path.join(ROOT, directory, "test", "unit", "*-tests"))
                      if os.access(p, os.X_OK))
    if not programs:
        return Result(0, 1, 0, [f"no unit test programs below {directory}/test/unit"])
    for program in programs:
        name = os.path.basename(program)
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            status, output = run([program, f"--gtest_output=json:{report.name}"], 1200,
                                 env={**os.environ, **(env or {})})
            try:
                cases = [case for suite in json.load(open(report.name))["testsuites"] for case in suite["testsuite"]]
            except (ValueError, KeyError):
                failed += 1
                notes.append(f"{name}: exit status {status} and no report\n{tail(output)}")
                continue
        bad = [case for case in cases if case.get("failures")]
        skips = [case for case in cases if case["result"] in ("SKIPPED", "SUPPRESSED")]
        passed += len(cases) - len(bad) - len(skips)
        failed += len(bad)
        skipped += len(skips)
        for case in bad:
            notes.append(f"{name}: {case['classname']}.{case['name']}\n" + case["failures"][0]["failure"])
        for case in skips:
            notes.append(f"{name}: {case['classname']}.{case['name']} skipped")
        if status != 0 and not bad:
            failed += 1
            notes.append(f"{name}: exit status {status}\n{tail(output)}")
    return Result(passed, failed, skipped, notes)


def suite_unit():
    """GoogleTest programs of every library"""
    return run_gtests("build")


def run_lit(directory, env=None):
    """Runs the lit suites of a build folder."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        status, output = run([os.path.join(LLVM_BIN, "lit"), "-sv", "-j2", "-o", report.name,
                              f"{directory}/test"], env={**os.environ, **(env or {})})
        try:
            tests = json.load(open(report.name))["tests"]
        except (ValueError, KeyError):
            return Result(0, 1, 0, [tail(output)])
    count = collections.Counter(test["code"] for test in tests)
    passed = count["PASS"]  # an expected failure or a test that passed on a retry is not a pass
    skipped = count["UNSUPPORTED"] + count["SKIPPED"] + count["EXCLUDED"]
    notes = []
    reasons = collections.Counter()
    for test in tests:
        if test["code"] in ("UNSUPPORTED", "SKIPPED"):
            reasons[test["output"].strip().splitlines()[-1] if test["output"].strip() else "no reason given"] += 1
        elif test["code"] not in ("PASS", "EXCLUDED"):
            notes.append(f"{test['code']}: {test['name']}\n{tail(test['output'])}")
    notes += [f"{number} skipped: {reason}" for reason, number in reasons.items()]
    if status != 0 and not notes:
        notes.append(tail(output))
    return Result(passed, max(len(tests) - passed - skipped, int(status != 0)), skipped, notes)


def suite_lit():
    """lit: dialects, passes, code generation, tools, end to end over the models, documentation commands"""
    return run_lit("build")


def suite_conformance():
    """ONNX's own node tests, from Debian's libonnx-testdata"""
    status, output = run([PYTHON, "test/conformance/run.py", "--build=build"])
    last = output.strip().splitlines()[-1] if output.strip() else ""
    fields = dict(reversed(field.split(" ", 1)) for field in last.split(", ") if " " in field)
    try:
        passed, wrong, crashed = (int(fields[key]) for key in ("passed", "wrong", "crashed"))
        unsupported, missing = int(fields["unsupported"]), int(fields["unexpected"])
        excluded = int(fields["excluded"])
    except (KeyError, ValueError):
        return Result(0, 1, 0, [f"exit status {status}", tail(output)])
    notes = [last] + ([tail(output)] if status else [])
    return Result(passed, wrong + crashed + missing, unsupported - missing + excluded, notes)


def suite_differential():
    """random modules through the compiler, against the reference evaluator"""
    count = 200
    status, output = run(["build/test/fuzz/reckon-fuzz-graph", f"--count={count}", f"--jobs={os.cpu_count()}"])
    outcomes = {name: int(number) for number, name in re.findall(r"^(\d+) (\w+)$", output, re.M)}
    if not outcomes or sum(outcomes.values()) != count:
        return Result(0, 1, 0, [f"exit status {status}", tail(output)])
    passed, skipped = outcomes.pop("ok", 0), outcomes.pop("inconclusive", 0)
    notes = [f"{skipped} modules too ill-conditioned to compare"] if skipped else []
    return Result(passed, sum(outcomes.values()), skipped, notes + ([tail(output)] if status else []))


def run_unittest(command, env, told=None):
    """Runs programs of unittest by a command. Lines of its output that `told` matches are among the notes."""
    status, output = run(command, env={**os.environ, **env})
    ran = re.search(r"^Ran (\d+) tests?", output, re.M)
    bad = len(re.findall(r"^(?:FAIL|ERROR): ", output, re.M))
    if not ran:
        return Result(0, 1, 0, [f"exit status {status}", tail(output)])
    skips = re.search(r"skipped=(\d+)", output)
    skipped = int(skips.group(1)) if skips else 0
    failed = max(bad, int(status != 0))
    notes = [tail(output)] if failed else [f"{skipped} skipped: no torch or no GPU"] if skipped else []
    notes += re.findall(told, output, re.M) if told else []
    return Result(int(ran.group(1)) - bad - skipped, failed, skipped, notes)


def suite_python():
    """the Python package as built from source: unit tests and 10,000 random calls"""
    return run_unittest([PYTHON, "-m", "unittest", "discover", "-s", "test/python"],
                        {"PYTHONPATH": os.path.join(ROOT, "build", "python")})


def suite_wheel():
    """wheels, with LLVM linked in: what is in them, and from a bare environment to a first answer"""
    return run_unittest([PYTHON, "test/python/wheels.py"], {}, r"^\S+\.whl[:,] .*$")


def run_sanitized_python(build_folder, programs, env):
    """Programs of test/python by an interpreter with a sanitizer in it, on an engine of the release build."""
    tests = os.path.join(ROOT, "test", "python")
    with tempfile.TemporaryDirectory() as folder:
        engine = os.path.join(folder, "lookup.rkn")
        status, output = run([PYTHON, "-c", f"import sys; sys.path.insert(0, {tests!r}); import models; models.open_lookup().save({engine!r})"],
                             env={**os.environ, "PYTHONPATH": os.path.join(ROOT, "build", "python")})
        if status:
            return Result(0, 1, 0, [tail(output)])
        return run_unittest([os.path.join(ROOT, build_folder, "bin", "reckon-python-interpreter"), "-m", "unittest", *programs],
                            {"PYTHONPATH": os.path.join(ROOT, build_folder, "python") + ":" + tests, "RECKON_LOOKUP_ENGINE": engine, **env})


def suite_sizes():
    """random modules at sizes that they have no meaning at, with kernels that check themselves"""
    count = 60
    status, output = run(["build/test/fuzz/reckon-fuzz-graph", f"--count={count}", "--sizes=100", f"--jobs={os.cpu_count()}"])
    summary = re.search(r"^modules (\d+), runs \d+, refused \d+, skipped \d+, findings (\d+), .*$", output, re.M)
    if not summary or int(summary.group(1)) != count:
        return Result(0, 1, 0, [f"exit status {status}", tail(output)])
    failed = max(int(summary.group(2)), int(status != 0))
    return Result(count - failed, failed, 0, [summary.group(0)] + ([tail(output)] if status else []))


# Small models with the answers or refusals that their inputs get, and a program that runs them: RECKON_CASES, or beside the
# checkout.
CASES = os.environ.get("RECKON_CASES") or os.path.join(ROOT, "..", "shared", "cases")


def run_cases(tools, compile_arguments=""):
    """Runs the cases with the tools of a build folder and the compiler of the release build."""
    if not os.path.exists(os.path.join(CASES, "run.py")):
        return Result(0, 0, 1, [f"no cases in {CASES}: set RECKON_CASES"])
    with tempfile.TemporaryDirectory() as folder:
        for program, build_folder in (("reckon-compile", "build"), ("reckon-run", tools)):
            os.symlink(os.path.join(ROOT, build_folder, "bin", program), os.path.join(folder, program))
        status, output = run([PYTHON, os.path.join(CASES, "run.py"), f"--bin={folder}", f"--compile-args={compile_arguments}"])
    found = re.search(r"^(\d+) passed, (\d+) failed$", output, re.M)
    if not found:
        return Result(0, 1, 0, [f"exit status {status}", tail(output)])
    return Result(int(found.group(1)), max(int(found.group(2)), int(status != 0)), 0, [tail(output)] if status else [])


def add_results(*results):
    return Result(sum(r.passed for r in results), sum(r.failed for r in results), sum(r.skipped for r in results),
                  [note for r in results for note in r.notes])


def suite_cases():
    """small models from bug reports, as they are and with kernels that check themselves"""
    return add_results(run_cases("build"), run_cases("build", "--check-kernels"))


def suite_fuzz():
    """libFuzzer on the readers of engines and arrays for 20 s each, under the address sanitizer"""
    error = build("asan-runtime")
    if error:
        return Result(0, 1, 0, [error])
    passed, notes = 0, []
    programs = sorted(p for p in glob.glob(os.path.join(ROOT, "build-asan-runtime", "**", "fuzz-*"), recursive=True)
                      if os.path.isfile(p) and os.access(p, os.X_OK))
    artifacts = os.path.join(ROOT, "build-asan-runtime", "fuzz-artifacts", "")
    os.makedirs(artifacts, exist_ok=True)
    for program in programs:
        # Freed memory kept back for the sanitizer would count against the memory limit.
        status, output = run([program, "-max_len=40000", "-max_total_time=20", f"-artifact_prefix={artifacts}",
                              "-print_final_stats=1"],
                             env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=16"})
        runs = re.search(r"number_of_executed_units: (\d+)", output)
        passed += status == 0
        notes.append(f"{os.path.basename(program)}: {runs.group(1) if runs else '?'} inputs"
                     + (f"\n{tail(output)}" if status else ""))
    return Result(passed, len(programs) - passed + (not programs), 0, notes)


def suite_runtime():
    """the runtime built alone, by g++ with no LLVM: its unit tests"""
    error = build("runtime")
    return Result(0, 1, 0, [error]) if error else run_gtests("build-runtime")


def sanitized(preset, env):
    error = build(preset)
    return Result(0, 1, 0, [error]) if error else run_gtests("build-" + preset, env)


def suite_address():
    """runtime and engine unit tests, the small models and calls from Python under the address and undefined-behaviour sanitizers"""
    result = sanitized("asan-runtime", {"UBSAN_OPTIONS": "print_stacktrace=1"})
    if result.failed:
        return result
    # What the interpreter never frees is not ours; test_threads.py looks for leaks.
    python = run_sanitized_python("build-asan-runtime", ["test_calls", "test_service.Counting", "test_service.Logs"],
                                  {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"})
    return add_results(result, run_cases("build-asan-runtime"), python)


def suite_thread():
    """runtime and engine unit tests, and 16 threads of Python on one engine, under the thread sanitizer"""
    result = sanitized("tsan", {"TSAN_OPTIONS": "halt_on_error=1"})
    return result if result.failed else add_results(result, run_sanitized_python(
        "build-tsan", ["test_threads.Threads"], {"TSAN_OPTIONS": "halt_on_error=1", "RECKON_THREAD_RUNS": "40"}))


# LLVM's libraries are not instrumented, and code of theirs that is inlined into ours marks memory that they then use.
COMPILER_ASAN = {"ASAN_OPTIONS": "allow_user_poisoning=0:detect_container_overflow=0",
                 "UBSAN_OPTIONS": "print_stacktrace=1"}


def suite_compiler_address():
    """every unit test and all of lit under the address, leak and undefined-behaviour sanitizers; builds for long"""
    error = build("asan")
    if error:
        return Result(0, 1, 0, [error])
    units, lit = run_gtests("build-asan", COMPILER_ASAN), run_lit("build-asan", COMPILER_ASAN)
    return Result(*(one + other for one, other in zip(units, lit)))


def source_files(*suffixes):
    status, output = run(["git", "ls-files", "-co", "--exclude-standard"])
    return [f for f in output.splitlines() if f.endswith(suffixes) and os.path.exists(os.path.join(ROOT, f))]


def suite_format():
    """clang-format over every C++ file"""
    files = source_files(".cpp", ".h")
    status, output = run(["clang-format-22", "--dry-run", "-Werror", *files])
    bad = sorted({line.split(":")[0] for line in output.splitlines() if ": error:" in line})
    notes = [f"{f}: run clang-format-22 -i on it" for f in bad] or ([tail(output)] if status else [])
    return Result(len(files) - len(bad), max(len(bad), int(status != 0)), 0, notes)


def suite_tidy():
    """clang-tidy over the runtime side and the compiler files that changed"""
    status, output = run([PYTHON, "scripts/tidy.py", "--build=build"])
    last = output.strip().splitlines()[-1] if output.strip() else ""
    try:
        passed, failed = (int(part.split()[0]) for part in last.split(", "))
    except ValueError:
        return Result(0, 1, 0, [tail(output)])
    return Result(passed, failed, 0, [tail(output)] if failed else [])


SUITES = {"format": suite_format, "unit": suite_unit, "lit": suite_lit, "conformance": suite_conformance,
          "differential": suite_differential, "sizes": suite_sizes, "cases": suite_cases, "python": suite_python, "wheel": suite_wheel,
          "runtime": suite_runtime, "address": suite_address, "fuzz": suite_fuzz, "thread": suite_thread,
          "tidy": suite_tidy}
# What builds for too long to be run every time: by name only.
EXTRA_SUITES = {"compiler-address": suite_compiler_address}
NEED_BUILD = {"unit", "lit", "conformance", "differential", "sizes", "cases", "python", "wheel", "address", "thread", "tidy"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="comma-separated suites")
    parser.add_argument("--sanitize", choices=("address", "thread"), help="only the suite under this sanitizer")
    parser.add_argument("--list", action="store_true", help="name the suites and leave")
    arguments = parser.parse_args()
    if arguments.list:
        for name, suite in {**SUITES, **EXTRA_SUITES}.items():
            print(f"{name:16} {suite.__doc__}" + (" (only when named)" if name in EXTRA_SUITES else ""))
        return 0
    names = [arguments.sanitize] if arguments.sanitize else (arguments.only or ",".join(SUITES)).split(",")
    suites = {**SUITES, **EXTRA_SUITES}
    unknown = [name for name in names if name not in suites]
    if unknown:
        parser.error(f"no suite {', '.join(unknown)}; there are {', '.join(suites)}")

    start = time.time()
    totals = [0, 0, 0]
    error = build("release") if NEED_BUILD & set(names) else None
    if error:
        print(error)
    for name in names:
        if error and name in NEED_BUILD:
            result = Result(0, 1, 0, ["not run: the build failed (above)"])
        else:
            print(f"[{name}] {suites[name].__doc__} ...", flush=True)
            began = time.time()
            result = suites[name]()
            print(f"[{name}] {result.passed} passed, {result.failed} failed, {result.skipped} skipped "
                  f"in {time.time() - began:.0f} s", flush=True)
        for note in result.notes:
            print("  " + note.replace("\n", "\n  "))
        for index in range(3):
            totals[index] += result[index]
    print(f"took {time.time() - start:.0f} s")
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
