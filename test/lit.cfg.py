# Configuration of the lit suites: everything under test/ that ends in .mlir or .test.

import os
import shutil

import lit.formats

# `lit test/passes/Normalize`, from the source tree: continue with the site configuration of ./build (or $RECKON_BUILD).
if not hasattr(config, "reckon_build_dir"):
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    build = os.path.join(source, os.environ.get("RECKON_BUILD", "build"))
    lit_config.load_config(config, os.path.join(build, "test", "lit.site.cfg.py"))
    raise SystemExit

config.name = "Reckon"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit", "fuzz"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.reckon_build_dir, "test")

path = [config.reckon_bin_dir, config.llvm_bin_dir, config.environment.get("PATH", os.environ.get("PATH", ""))]
config.environment["PATH"] = os.pathsep.join(path)

# Debian's python3-onnx and python3-numpy are seen by /usr/bin/python3; another python3 may come first on PATH.
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%source", config.reckon_source_dir))
config.substitutions.append(("%examples", os.path.join(config.reckon_source_dir, "examples")))
config.substitutions.append(("%build", config.reckon_build_dir))

# Where the exported models with their reference data are: RECKON_MODELS, or beside the checkout.
models = os.environ.get("RECKON_MODELS") or os.path.join(config.reckon_source_dir, "..", "shared", "models")
models = os.path.realpath(models)
if os.path.isdir(models):
    config.available_features.add("models")
    config.environment["RECKON_MODELS"] = models
    config.substitutions.append(("%models", models))
elif os.environ.get("CI") == "true":
    lit_config.fatal(f"no models in {models}: set RECKON_MODELS (CI=true does not skip their tests)")
else:
    lit_config.note(f"no models in {models}: their tests are skipped (set RECKON_MODELS)")

# ONNX's own node tests, from Debian's libonnx-testdata.
if os.path.isdir(config.onnx_testdata):
    config.available_features.add("onnx-testdata")
    config.substitutions.append(("%onnx_testdata", config.onnx_testdata))

if os.path.exists(os.path.join(config.reckon_bin_dir, "reckon-opt")):
    config.available_features.add("compiler")
if shutil.which("ptxas"):
    config.available_features.add("ptxas")
with open("/proc/cpuinfo") as cpuinfo:
    flags = next((line for line in cpuinfo if line.startswith("flags")), "").split()
for flag in ("avx2", "avx512f"):
    if flag in flags:
        config.available_features.add(flag)


# What a sanitized build cannot show: sizes and times, programs linked by a plain compiler, the end of the memory.
if config.sanitizer:
    config.available_features.add("sanitizer")
    config.environment["RECKON_SANITIZER"] = config.sanitizer
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "CI"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
