//===- OptionTable.cpp - The options of a compilation by name ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Compiler/OptionTable.h"
#include "lib/Codegen/Host/Target.h"
#include "lib/Compiler/Phases.h"
#include "lib/Compiler/Targets.h"
#include "passes/Normalize/AppendTopK.h"
#include "reckon/Engine/RowFormat.h"
#include "reckon/Engine/TimingCache.h"

#include "llvm/ADT/StringExtras.h"

using namespace reckon;

/// "plain, ..."
static std::string listEncodings() { return llvm::join(llvm::ArrayRef(EnumNames<RowEncoding>::texts), ", "); }

static std::vector<CompileOption> makeTable() {
  static const char compilation[] = "Compilation", development[] = "Development of the compiler",
                    checks[] = "Checks and reports";
  return {
      {compilation, "target", "DEVICE",
       "the devices to compile for: host (default), cuda[:ARCH,...] or both,\nhost,cuda", &CompileOptions::target},
      {compilation, "arch", "ARCH,...",
       "the GPU architectures of cuda: sm_90a (default) or any from sm_80 on; each has\nkernels of its own in the "
       "engine, and machine code where ptxas is found; repeatable",
       &CompileOptions::archs},
      {compilation, "host-cpu", "CPU",
       "the CPU to generate code for: native (default), x86-64-v3 (AVX2),\nx86-64-v4 (AVX-512), or a CPU that LLVM "
       "knows, such as sapphirerapids",
       &CompileOptions::cpu, true},
      {compilation, "precision", "P",
       "what floats are stored and multiplied in: fp32, the model's own types (default);\ntf32, products may be "
       "rounded "
       "to it on GPUs; fp16 or bf16, with sums in fp32",
       &CompileOptions::precision, true},
      {compilation, "batch-dim", "AXIS",
       "make this dimension of the inputs, which the model has fixed to the batch it was\nexported with, any batch: 0 "
       "for most models",
       &CompileOptions::batchDim, true},
      {compilation, "negative-ids", "error|wrap",
       "what a negative id of a lookup does: error fails the run (default); wrap takes the\nrow so far from the end of "
       "the table, as ONNX's Gather says",
       &CompileOptions::negativeIds, true},
      {compilation, "append-topk", "K[:OUTPUT]",
       "in place of OUTPUT, scores [candidates], [candidates, 1] or [users, candidates], give\nOUTPUT_values and "
       "OUTPUT_indices, the K best; OUTPUT may be left out where it is the only one",
       &CompileOptions::appendTopK, true},
      {compilation, "freeze-input", "NAME=FILE",
       "make an input a constant, with the value in a .npy or .pb file; repeatable", &CompileOptions::frozenInputs,
       true},
      {compilation, "keep-tensor", "NAME",
       "make a tensor between the model's nodes an output, too, by its ONNX name; * for all\nthat nodes read; "
       "repeatable; "
       "for reckon-run --dump-tensors and reckon-diff",
       &CompileOptions::keptTensors, true},
      {compilation, "tables", "WHERE",
       "where rows of tables go: inline, into the engine (default); separate, each into a\nfile beside it; reference, "
       "nowhere: "
       "the engine reads the model's external data, as it is",
       &CompileOptions::tables},
      {compilation, "table-format", "NAME=FORMAT",
       "the rows of a table are bound when the engine is loaded (reckon-run --table) and are\nnot in it; FORMAT is " +
           listEncodings() + "; repeatable",
       &CompileOptions::tableFormats, true},
      {compilation, "candidates", "SET",
       "the launches of linear layers on GPUs: chosen, those that the cost model can pick\n(default); all, also those "
       "that only reckon-tune can find to be the fastest",
       &CompileOptions::candidates, true},
      {compilation, "timing-cache", "FILE", "keep the launches that reckon-tune found fastest, and no others",
       &CompileOptions::timingCache, true},
      {development, "check-kernels", nullptr,
       "kernels check every access to memory: one outside its buffer ends the run with\nstatus 5; slow, and for tests",
       &CompileOptions::checkKernels, true},
      {development, "start-after", "PHASE",
       "go on behind this phase: MODEL is what --stop-after=PHASE wrote, text or bytecode",
       &CompileOptions::startAfter},
      {development, "emit-bytecode", nullptr, "write a module as MLIR bytecode instead of text",
       &CompileOptions::emitBytecode},
      {development, "stop-after", "PHASE",
       "the last phase to run; before the last of all it implies --emit=mlir:\n" + listPhases(),
       &CompileOptions::stopAfter},
      {development, "print-ir-tree-dir", "DIR",
       "write the module after every pass that changed it, a file a pass, a folder a phase;\nlarge constants are left "
       "out",
       &CompileOptions::printIrTreeDir},
      {development, "timing", nullptr, "print how long each pass took", &CompileOptions::timing},
      {development, "reproducer", "FILE",
       "when a pass fails or crashes, write the module before it and the pipeline from it on,\nfor reckon-opt "
       "--run-reproducer FILE",
       &CompileOptions::reproducer},
      {checks, "verify", nullptr, "run the engine on random inputs and compare with the reference evaluator",
       &CompileOptions::verify},
  };
}

const std::vector<CompileOption> &reckon::getCompileOptions() {
  static const std::vector<CompileOption> table = makeTable();
  return table;
}

/// What is wrong with a flag's value; empty when it is set.
static std::string setFlag(llvm::StringRef name, const char *value, bool &flag) {
  llvm::StringRef text = value ? value : "true";
  if (text != "true" && text != "false")
    return ("the option '" + name + "' is true or false, not '" + text + "'").str();
  flag = text == "true";
  return "";
}

std::string reckon::setCompileOption(llvm::StringRef name, const char *value, CompileOptions &options) {
  for (const CompileOption &known : getCompileOptions()) {
    if (name != known.name)
      continue;
    if (auto *flag = std::get_if<bool CompileOptions::*>(&known.member))
      return setFlag(name, value, options.**flag);
    if (!value)
      return ("the option '" + name + "' has no value").str();
    if (auto *list = std::get_if<std::vector<std::string> CompileOptions::*>(&known.member))
      (options.**list).push_back(value);
    else
      options.*std::get<std::string CompileOptions::*>(known.member) = value;
    return "";
  }
  return ("there is no option '" + name + "'").str();
}

/// The devices in the one way to say them that names all architectures.
static std::string describeTarget(const CompileOptions &options) {
  std::optional<Targets> targets = Targets::parse(options.target, options.archs, nullptr);
  std::string text = !targets || targets->host ? deviceName(DeviceKind::Host) : "";
  if (targets && !targets->gpus.empty()) {
    text += text.empty() ? "cuda:" : ",cuda:";
    text +=
        llvm::join(llvm::map_range(targets->gpus, [](const GpuTarget *gpu) { return std::string(gpu->arch); }), ",");
  }
  return text;
}

std::vector<std::string> reckon::listProgramOptions(const CompileOptions &options) {
  static const CompileOptions byDefault;
  std::vector<std::string> list;
  if (std::string target = describeTarget(options); target != byDefault.target)
    list.push_back("--target=" + target);
  for (const CompileOption &option : getCompileOptions()) {
    if (!option.changesProgram)
      continue;
    std::string name = std::string("--") + option.name;
    bool isFile = option.metavar && llvm::StringRef(option.metavar).contains("FILE");
    auto add = [&](const std::string &value) { list.push_back(isFile ? name : name + "=" + value); };
    if (auto *text = std::get_if<std::string CompileOptions::*>(&option.member);
        text && options.**text != byDefault.**text)
      add(options.**text);
    else if (auto *flag = std::get_if<bool CompileOptions::*>(&option.member); flag && options.**flag)
      list.push_back(name);
    else if (auto *values = std::get_if<std::vector<std::string> CompileOptions::*>(&option.member))
      llvm::for_each(options.**values, add);
  }
  return list;
}

/// What is wrong with the options for launches on cuda; empty when nothing is.
static std::string checkLaunches(const CompileOptions &options, const Targets &targets) {
  if (options.candidates != "chosen" && options.candidates != "all")
    return "there are no candidates '" + options.candidates + "'; there are chosen, all";
  bool isAll = options.candidates == "all";
  if (targets.gpus.empty() && isAll)
    return "candidates are launches on a GPU: add --target=cuda";
  if (options.timingCache.empty())
    return "";
  if (targets.gpus.empty())
    return "a timing cache is of a GPU: add --target=cuda";
  if (isAll)
    return "with a timing cache only the fastest launches stay: it cannot go with all candidates";
  if (targets.gpus.size() > 1)
    return "a timing cache is of one architecture: name one";
  // The schedule phase reads it, a while after this.
  std::string error;
  readTimingCache(options.timingCache, &error);
  return error;
}

/// What is wrong with the phases to run; empty when nothing is.
static std::string checkPhases(const CompileOptions &options, const Targets &targets) {
  for (const std::string &name : {options.startAfter, options.stopAfter}) {
    const Phase *phase = name.empty() ? nullptr : findPhase(name);
    if (!name.empty() && !phase)
      return "no phase '" + name + "'; there are " + listPhases();
    if (phase && phase->isPerDevice && targets.programs().size() > 1)
      return "after the phase " + name + " each device and architecture has a module of its own: name one";
  }
  if (options.startAfter.empty())
    return "";
  const Phase *start = findPhase(options.startAfter);
  const Phase *last = options.stopAfter.empty() ? &getPhases().back() : findPhase(options.stopAfter);
  if (start >= last)
    return "no phase is left to run behind --start-after=" + options.startAfter + " up to " + last->name;
  if (!options.appendTopK.empty() && start >= findPhase("normalize"))
    return getTopKOption(options.appendTopK) +
           " is done by the phase normalize, which --start-after=" + options.startAfter + " leaves out";
  if (options.verify && start > findPhase("normalize"))
    return "--verify compares with the module after the phase normalize, which --start-after=" + options.startAfter +
           " does not see";
  return "";
}

std::string reckon::checkOptions(const CompileOptions &options) {
  std::string error;
  if (!host::Target::get(options.cpu, &error))
    return error;
  std::optional<Targets> targets = Targets::parse(options.target, options.archs, &error);
  if (!targets)
    return error;
  int64_t axis;
  if (!options.batchDim.empty() && (llvm::StringRef(options.batchDim).getAsInteger(10, axis) || axis < 0 || axis > 7))
    return "--batch-dim is a dimension, such as 0, not '" + options.batchDim + "'";
  if (options.negativeIds != "error" && options.negativeIds != "wrap")
    return "--negative-ids is error or wrap, not '" + options.negativeIds + "'";
  if (!options.appendTopK.empty() && !parseTopKRequest(options.appendTopK))
    return getTopKOption(options.appendTopK) + ": expected K or K:OUTPUT with a K of at least 1";
  if (options.tables != "inline" && options.tables != "separate" && options.tables != "reference")
    return "--tables is inline, separate or reference, not '" + options.tables + "'";
  if (options.tables != "inline" && options.verify)
    return "--verify looks at an engine in memory, whose tables are inline, not " + options.tables;
  if (!parsePrecision(options.precision))
    return "no precision '" + options.precision + "'; there are fp32, tf32, fp16, bf16";
  if (error = checkLaunches(options, *targets); !error.empty())
    return error;
  for (llvm::StringRef entry : options.frozenInputs) {
    auto [name, file] = entry.rsplit('=');
    if (name.empty() || file.empty())
      return "--freeze-input is NAME=FILE, not '" + entry.str() + "'";
  }
  for (llvm::StringRef entry : options.tableFormats) {
    auto [name, format] = entry.rsplit('=');
    if (name.empty() || !parseRowEncoding(format))
      return "a table format is NAME=FORMAT with one of " + listEncodings() + ", not '" + entry.str() + "'";
  }
  return checkPhases(options, *targets);
}
