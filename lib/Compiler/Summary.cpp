//===- Summary.cpp - What a compilation did, for people -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/Summary.h"
#include "lib/Compiler/Phases.h"
#include "reckon/Engine/EngineFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace reckon;

static std::string humanBytes(uint64_t bytes) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (bytes < 10000)
    os << bytes << " B";
  else if (bytes < 10000000)
    os << llvm::format("%.1f kB", bytes / 1e3);
  else
    os << llvm::format("%.1f MB", bytes / 1e6);
  return text;
}

/// The sum of sizes in named dimensions, at one value for all of them.
static std::string bytesAt(llvm::ArrayRef<SizeExpr> sizes, int64_t value) {
  int64_t sum = 0;
  for (const SizeExpr &size : sizes) {
    std::optional<int64_t> bytes = size.evaluate([&](std::string_view) { return std::optional<int64_t>(value); });
    if (!bytes)
      return "?";
    sum += *bytes;
  }
  return humanBytes(sum);
}

static void printProgram(const ProgramSpec &program, llvm::raw_ostream &os) {
  std::map<std::string, unsigned> kinds;
  for (const KernelSpec &kernel : program.kernels)
    ++kinds[kernel.kind];
  size_t dispatches = 0;
  for (const ChainSpec &chain : program.chains)
    dispatches += chain.dispatches.size();
  os << "  " << deviceName(program.target.device);
  if (program.target.device == DeviceKind::Cuda)
    os << ' ' << program.target.cpu;
  os << ": " << program.kernels.size() << " kernels (";
  llvm::interleaveComma(kinds, os, [&](const auto &kind) { os << kind.second << ' ' << kind.first; });
  os << ") in " << dispatches << " dispatches, " << program.chains.size() << " chains\n";
  for (int64_t size : {1, 1024})
    os << "  arena with every dimension " << size << ": " << bytesAt(program.slots, size) << ", without reuse "
       << bytesAt(program.arenaUnshared, size) << '\n';
}

static void printEngine(const EngineFile &engine, llvm::raw_ostream &os) {
  const EngineSpec &spec = engine.spec();
  uint64_t weightBytes = 0, tableBytes = 0, codeBytes = 0;
  for (const WeightSpec &weight : spec.weights)
    weightBytes += weight.data.size;
  for (const TableSpec &table : spec.tables)
    tableBytes += table.data.size;
  for (const CodeSpec &code : spec.code)
    codeBytes += code.data.size;

  os << "engine\n";
  for (const ProgramSpec &program : spec.programs)
    printProgram(program, os);
  os << "  " << spec.tables.size() << " tables " << humanBytes(tableBytes) << ", " << spec.weights.size() << " weights "
     << humanBytes(weightBytes) << ", code " << humanBytes(codeBytes) << ", file " << humanBytes(engine.fileSize())
     << '\n';
}

void reckon::printPhases(llvm::raw_ostream &os) {
  os << "| phase | from -> to | invariant at its end | verified by |\n|---|---|---|---|\n";
  for (const Phase &phase : getPhases())
    os << "| " << phase.name << " | " << phase.from << " -> " << phase.to << " | " << phase.invariant << " | "
       << (*phase.verifier ? "`" + std::string(phase.verifier) + "`" : "the verifiers of the ops") << " |\n";
}

void reckon::printStatistics(const CompileReport &report, const std::vector<uint8_t> &engine, llvm::raw_ostream &os) {
  if (report.importedNodes != 0)
    os << "imported\n  " << report.importedNodes << " ONNX nodes\n";
  os << "phases\n";
  for (const CompileReport::Phase &phase : report.phases)
    os << "  " << llvm::left_justify(phase.name, 10) << llvm::format("%8.3f s\n", phase.seconds);
  os << "passes\n";
  llvm::StringRef pass;
  for (const CompileReport::Statistic &statistic : report.statistics) {
    if (pass != statistic.pass)
      os << "  " << statistic.pass << '\n';
    pass = statistic.pass;
    os << llvm::format("%8llu ", static_cast<unsigned long long>(statistic.value)) << statistic.description << '\n';
  }
  if (!report.remarks.empty())
    os << "remarks\n";
  for (const CompileReport::Remark &remark : report.remarks)
    os << "  " << remark.pass << ": " << remark.kind << ": " << remark.where << ": " << remark.message << '\n';
  if (engine.empty())
    return;
  EngineError error;
  if (std::unique_ptr<EngineFile> file = EngineFile::fromMemory({engine.data(), engine.size()}, error))
    printEngine(*file, os);
  else
    os << "engine: " << error.message << '\n';
}

void reckon::printSummary(llvm::StringRef outputFile, const CompileReport &report, llvm::raw_ostream &os) {
  double seconds = 0;
  for (const CompileReport::Phase &phase : report.phases)
    seconds += phase.seconds;
  if (outputFile != "-")
    os << outputFile << ": ";
  if (report.engineBytes != 0)
    os << humanBytes(report.engineBytes) << ", ";
  os << "compiled in " << llvm::format("%.2f s\n", seconds);
}

ErrorKind reckon::verifyAndPrint(mlir::ModuleOp reference, const std::vector<uint8_t> &engine,
                                 const VerifyTolerance &tolerance, llvm::raw_ostream &os) {
  ErrorKind result = ErrorKind::None;
  os << llvm::format("verify within %g + %g * |expected|\n", tolerance.atol, tolerance.rtol);
  // A single sample, a batch that no register tile divides, a larger one.
  for (int64_t batch : {1, 7, 64}) {
    std::optional<VerifyResult> verified = verifyEngine(reference, engine, batch, tolerance, /*seed=*/batch);
    if (!verified)
      return ErrorKind::BadInput;
    if (!verified->skipped.empty())
      os << "verify batch " << batch << ": skipped, " << verified->skipped << "\n";
    for (const VerifyResult::Output &output : verified->outputs)
      os << "verify batch " << batch << ": " << output.name << ": " << output.difference
         << (output.matches ? ", ok\n" : ", MISMATCH\n");
    if (!verified->matches)
      result = ErrorKind::Mismatch;
  }
  return result;
}
