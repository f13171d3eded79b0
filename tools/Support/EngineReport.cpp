//===- EngineReport.cpp - What is in an engine ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "EngineReport.h"
#include "Json.h"
#include "reckon/Engine/TimingCache.h"

#include <cinttypes>
#include <cstdio>
#include <map>

using namespace reckon;
using namespace reckon::tools;

namespace {
std::string join(const std::vector<std::string> &items, const char *separator) {
  std::string text;
  for (const std::string &item : items)
    text += (text.empty() ? "" : separator) + item;
  return text;
}

std::string shapeOf(const TensorInfo &tensor) {
  std::vector<std::string> sizes;
  for (const SizeExpr &size : tensor.shape)
    sizes.push_back(size.str());
  return "[" + join(sizes, ", ") + "]";
}

std::string shapeOf(const WeightSpec &weight) {
  std::vector<std::string> sizes;
  for (int64_t size : weight.shape)
    sizes.push_back(std::to_string(size));
  return "[" + join(sizes, ", ") + "]";
}

/// The sum of the slots, as the runtime lays them out but for the rounding to their alignment.
SizeExpr arenaSize(const ProgramSpec &program) {
  SizeExpr sum;
  for (const SizeExpr &slot : program.slots)
    sum = sum + slot;
  return sum;
}

/// With every named dimension equal to `value`.
std::optional<int64_t> evaluateAt(const SizeExpr &size, int64_t value) {
  return size.evaluate([&](std::string_view) { return std::optional<int64_t>(value); });
}

std::string bytesText(uint64_t bytes) {
  char text[64];
  if (bytes < 10240)
    std::snprintf(text, sizeof(text), "%" PRIu64 " B", bytes);
  else if (bytes < uint64_t(10) << 20)
    std::snprintf(text, sizeof(text), "%.1f KiB", static_cast<double>(bytes) / 1024);
  else
    std::snprintf(text, sizeof(text), "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  return text;
}

std::string tableHome(const TableSpec &table) {
  if (!table.externalFile.empty())
    return "file '" + table.externalFile + "' at " + std::to_string(table.externalOffset);
  return table.data.size ? "in the engine" : table.mustBeBound ? "bound at load" : "none";
}

std::string encodingText(const TableSpec &table) {
  return table.format().isPlain() ? "" : " from rows in " + std::string(enumName(table.encoding));
}

size_t numDispatches(const ProgramSpec &program) {
  size_t count = 0;
  for (const ChainSpec &chain : program.chains)
    count += chain.dispatches.size();
  return count;
}

/// "T >= 5"
std::string conditionText(const SizeRequirement &requirement) {
  return requirement.left.str() + (requirement.mustBeEqual ? " = " : " >= ") + requirement.right.str();
}

/// What code a program for cuda has: the driver compiles PTX for what is newer, machine code runs as it is.
std::vector<std::string> codeOf(const EngineSpec &spec, const ProgramSpec &program) {
  std::vector<std::string> kinds;
  if (program.target.device == DeviceKind::Cuda)
    for (auto [kind, name] : {std::pair(CodeKind::Ptx, "PTX"), std::pair(CodeKind::Cubin, "machine code")})
      if (spec.findCode(kind, program.target.cpu))
        kinds.push_back(name);
  return kinds;
}

/// "host x86-64-v3", "cuda sm_90a (PTX, machine code)"
std::vector<std::string> targetNames(const EngineSpec &spec) {
  std::vector<std::string> names;
  for (const ProgramSpec &program : spec.programs) {
    std::vector<std::string> code = codeOf(spec, program);
    names.push_back(deviceName(program.target.device) + (program.target.cpu.empty() ? "" : " " + program.target.cpu) +
                    (code.empty() ? "" : " (" + join(code, ", ") + ")"));
  }
  return names;
}

class TextReport {
public:
  explicit TextReport(const EngineFile &file) : file(file), spec(file.spec()) {}

  std::string run() {
    text += "Engine: " + bytesText(file.fileSize()) + ", written by " + spec.producer + "\n";
    text += "Targets: " + join(targetNames(spec), "; ") + "\n";
    text += "Dimensions: " + join(spec.dims, ", ") + "\n";
    tensors("Inputs", spec.inputs);
    tensors("Outputs", spec.outputs);
    requirements();
    tables();
    weights();
    for (const ProgramSpec &program : spec.programs) {
      const TargetSpec &target = program.target;
      text += std::string("\nProgram: ") + deviceName(target.device) + (target.cpu.empty() ? "" : ", " + target.cpu) +
              (target.features.empty() ? "" : ", needs " + join(target.features, " ")) + "\n";
      if (program.candidates != 0)
        text += "Launches: all that reckon-tune should time\n";
      if (program.checked)
        text += "Checked: kernels stop at the bounds of their memory\n";
      kernels(program);
      chains(program);
      arena(program);
    }
    text += "\nSections (" + std::to_string(file.sections().size()) + "):\n";
    for (const EngineSection &section : file.sections()) {
      char checksum[32];
      std::snprintf(checksum, sizeof(checksum), "%016" PRIx64, section.checksum);
      text += "  " + std::string(enumName(section.kind)) + " '" + section.name + "': " + bytesText(section.size) +
              " at " + std::to_string(section.offset) + ", XXH3 " + checksum + "\n";
    }
    return std::move(text);
  }

private:
  void tensors(const char *title, const std::vector<TensorInfo> &list) {
    text += "\n" + std::string(title) + " (" + std::to_string(list.size()) + "):\n";
    for (const TensorInfo &tensor : list)
      text += "  " + tensor.name + ": " + enumName(tensor.type) + shapeOf(tensor) + "\n";
  }

  void requirements() {
    text += "\nRequirements (" + std::to_string(spec.requirements.size()) + "):\n";
    for (const SizeRequirement &requirement : spec.requirements)
      text += "  " + conditionText(requirement) + ": " + requirement.what + ", node '" + requirement.node + "'\n";
  }

  void tables() {
    text += "\nTables (" + std::to_string(spec.tables.size()) + "):\n";
    for (const TableSpec &table : spec.tables)
      text += "  " + table.name + ": " + enumName(table.type) + encodingText(table) + ", " +
              std::to_string(table.rows) + " rows x " + std::to_string(table.dim) + ", " + tableHome(table) +
              ", ids out of range: " + enumName(table.outOfRange) + "\n";
  }

  void weights() {
    uint64_t total = 0;
    for (const WeightSpec &weight : spec.weights)
      total += weight.data.size;
    text += "\nWeights (" + std::to_string(spec.weights.size()) + ", " + bytesText(total) + "):\n";
    for (const WeightSpec &weight : spec.weights)
      text += "  " + weight.name + ": " + enumName(weight.type) + shapeOf(weight) + ", " + weight.packing + "\n";
  }

  static std::string resources(const KernelSpec &kernel) {
    if (kernel.blockThreads == 0)
      return "";
    std::string list = ", " + std::to_string(kernel.blockThreads) + " threads";
    if (kernel.cluster > 1)
      list += ", clusters of " + std::to_string(kernel.cluster);
    if (kernel.registers != 0)
      list += ", " + std::to_string(kernel.registers) + " registers, " + std::to_string(kernel.spillBytes) +
              " B spilled, " + bytesText(kernel.staticSharedBytes) + " + " + bytesText(kernel.sharedBytes) + " shared";
    else if (kernel.sharedBytes != 0)
      list += ", " + bytesText(kernel.sharedBytes) + " dynamic shared";
    if (kernel.usesPdl)
      list += ", starts early";
    if (!kernel.tensorMaps.empty())
      list += ", " + std::to_string(kernel.tensorMaps.size()) + " tensor maps";
    return list;
  }

  void kernels(const ProgramSpec &program) {
    std::map<std::string, size_t> kinds;
    for (const KernelSpec &kernel : program.kernels)
      ++kinds[kernel.kind];
    std::vector<std::string> counts;
    for (const auto &[kind, count] : kinds)
      counts.push_back(std::to_string(count) + " " + kind);
    text += "Kernels (" + std::to_string(program.kernels.size()) + (counts.empty() ? "" : ": ") + join(counts, ", ") +
            "):\n";
    for (const KernelSpec &kernel : program.kernels)
      text += "  " + kernel.symbol + ": " + kernel.kind + resources(kernel) +
              (kernel.onnxNodes.empty() ? "" : ", from " + join(kernel.onnxNodes, " ")) + "\n";
  }

  void chains(const ProgramSpec &program) {
    text += "Chains (" + std::to_string(program.chains.size()) + ", " + std::to_string(numDispatches(program)) +
            " dispatches):\n";
    bool isCuda = program.target.device == DeviceKind::Cuda;
    for (size_t c = 0; c < program.chains.size(); ++c) {
      const ChainSpec &chain = program.chains[c];
      text += "  " + std::to_string(c) + ": rows " + chain.rows.str() +
              (isCuda ? "" : ", blocks of at most " + std::to_string(chain.blockRows)) + "\n";
      for (const DispatchSpec &dispatch : chain.dispatches) {
        text += "    " + program.kernels[dispatch.kernel].symbol + ": " + std::to_string(dispatch.operands.size()) +
                " operands, " + (isCuda ? "" : std::to_string(dispatch.columns) + " column blocks, ") +
                std::to_string(dispatch.flopsPerRow) + " flop/row, " + bytesText(dispatch.bytesFixed) + " fixed" +
                (dispatch.scratchBytes == SizeExpr(0) ? "" : ", scratch " + dispatch.scratchBytes.str() + " bytes") +
                (dispatch.covers.empty() ? "" : ", instead of " + coversText(dispatch)) + "\n";
        for (const LaunchSpec &launch : dispatch.launches)
          launchLine(program, launch);
      }
    }
  }

  void launchLine(const ProgramSpec &program, const LaunchSpec &launch) {
    std::vector<std::string> grid;
    for (const SizeExpr &size : launch.grid)
      grid.push_back(size.str());
    text += "      " + rangeOf(launch) + ": ";
    if (launch.gemm)
      text += launch.library + " " + launch.gemm->m.str() + " x " + std::to_string(launch.gemm->n) + " x " +
              std::to_string(launch.gemm->k) + " in " + enumName(launch.gemm->compute);
    else
      text +=
          program.kernels[launch.kernel].symbol + ", grid [" + join(grid, ", ") + "]" +
          (launch.blocksPerSm ? ", at most " + std::to_string(launch.blocksPerSm) + " blocks for each processor" : "") +
          (launch.scratchBytes == SizeExpr(0) ? "" : ", scratch " + launch.scratchBytes.str() + " bytes a block");
    text += "\n";
  }

  static std::string coversText(const DispatchSpec &dispatch) {
    std::vector<std::string> numbers;
    for (uint32_t other : dispatch.covers)
      numbers.push_back(std::to_string(other));
    return join(numbers, ", ");
  }

  static std::string rangeOf(const LaunchSpec &launch) {
    if (launch.needsTiming)
      return "if a timing cache chooses it";
    if (launch.maxRows == UINT64_MAX)
      return launch.minRows <= 1 ? "any rows" : std::to_string(launch.minRows) + " rows and more";
    return std::to_string(launch.minRows) + " to " + std::to_string(launch.maxRows) + " rows";
  }

  void arena(const ProgramSpec &program) {
    SizeExpr shared = arenaSize(program);
    text += "Arena (" + std::to_string(program.slots.size()) + " slots): " + shared.str() + " bytes, without reuse " +
            program.arenaUnshared.str() + "\n";
    for (int64_t value : {1, 64, 1024}) {
      auto now = evaluateAt(shared, value), before = evaluateAt(program.arenaUnshared, value);
      if (now && before && *now >= 0 && *before >= 0)
        text += "  every dimension " + std::to_string(value) + ": " + bytesText(*now) + ", without reuse " +
                bytesText(*before) + "\n";
    }
    if (!program.localSlots.empty()) {
      uint64_t total = 0;
      for (uint64_t bytes : program.localSlots)
        total += bytes;
      text += "Local slots (" + std::to_string(program.localSlots.size()) + "): " + bytesText(total) +
              " for each row of a block and thread\n";
    }
  }

  const EngineFile &file;
  const EngineSpec &spec;
  std::string text;
};

void tensorsJson(JsonWriter &json, const char *key, const std::vector<TensorInfo> &list) {
  json.key(key).beginArray();
  for (const TensorInfo &tensor : list) {
    json.beginObject();
    json.key("name").value(tensor.name);
    json.key("type").value(enumName(tensor.type));
    json.key("shape").beginArray();
    for (const SizeExpr &size : tensor.shape)
      json.value(size.str());
    json.endArray();
    json.endObject();
  }
  json.endArray();
}

void stringsJson(JsonWriter &json, const char *key, const std::vector<std::string> &list) {
  json.key(key).beginArray();
  for (const std::string &item : list)
    json.value(item);
  json.endArray();
}

void storageJson(JsonWriter &json, const EngineSpec &spec) {
  json.key("tables").beginArray();
  for (const TableSpec &table : spec.tables) {
    json.beginObject();
    json.key("name").value(table.name);
    json.key("type").value(enumName(table.type));
    json.key("rows").value(table.rows);
    json.key("dim").value(table.dim);
    json.key("encoding").value(enumName(table.encoding));
    json.key("row_bytes").value(table.rowBytes());
    json.key("in_engine").value(table.data.size != 0);
    json.key("must_be_bound").value(table.mustBeBound);
    json.key("external_file").value(table.externalFile);
    json.key("external_offset").value(table.externalOffset);
    json.key("out_of_range").value(enumName(table.outOfRange));
    json.endObject();
  }
  json.endArray();
  json.key("weights").beginArray();
  for (const WeightSpec &weight : spec.weights) {
    json.beginObject();
    json.key("name").value(weight.name);
    json.key("type").value(enumName(weight.type));
    json.key("shape").beginArray();
    for (int64_t size : weight.shape)
      json.value(size);
    json.endArray();
    json.key("packing").value(weight.packing);
    json.key("bytes").value(static_cast<uint64_t>(weight.data.size));
    json.endObject();
  }
  json.endArray();
}

void kernelsJson(JsonWriter &json, const ProgramSpec &program) {
  json.key("kernels").beginArray();
  for (const KernelSpec &kernel : program.kernels) {
    json.beginObject();
    json.key("symbol").value(kernel.symbol);
    json.key("kind").value(kernel.kind);
    stringsJson(json, "onnx_nodes", kernel.onnxNodes);
    if (kernel.blockThreads != 0) {
      const std::pair<const char *, uint64_t> numbers[] = {
          {"block_threads", kernel.blockThreads},   {"cluster", kernel.cluster},
          {"registers", kernel.registers},          {"spill_bytes", kernel.spillBytes},
          {"shared_bytes", kernel.sharedBytes},     {"static_shared_bytes", kernel.staticSharedBytes},
          {"tensor_maps", kernel.tensorMaps.size()}};
      for (const auto &[key, value] : numbers)
        json.key(key).value(value);
      json.key("uses_pdl").value(kernel.usesPdl);
    }
    json.endObject();
  }
  json.endArray();
}

void launchesJson(JsonWriter &json, const ProgramSpec &program, const DispatchSpec &dispatch) {
  json.key("launches").beginArray();
  for (const LaunchSpec &launch : dispatch.launches) {
    json.beginObject();
    json.key("library").value(launch.library);
    if (launch.library.empty())
      json.key("kernel").value(program.kernels[launch.kernel].symbol);
    json.key("grid").beginArray();
    for (const SizeExpr &size : launch.grid)
      json.value(size.str());
    json.endArray();
    json.key("blocks_per_sm").value(static_cast<uint64_t>(launch.blocksPerSm));
    json.key("scratch_bytes").value(launch.scratchBytes.str());
    json.key("min_rows").value(launch.minRows);
    json.key("max_rows").value(launch.maxRows);
    json.key("needs_timing").value(launch.needsTiming);
    json.endObject();
  }
  json.endArray();
}

void chainsJson(JsonWriter &json, const ProgramSpec &program) {
  json.key("chains").beginArray();
  for (const ChainSpec &chain : program.chains) {
    json.beginObject();
    json.key("rows").value(chain.rows.str());
    json.key("block_rows").value(static_cast<uint64_t>(chain.blockRows));
    json.key("dispatches").beginArray();
    for (const DispatchSpec &dispatch : chain.dispatches) {
      json.beginObject();
      json.key("kernel").value(program.kernels[dispatch.kernel].symbol);
      json.key("operands").value(static_cast<uint64_t>(dispatch.operands.size()));
      json.key("outputs").value(static_cast<uint64_t>(dispatch.numOutputs));
      json.key("columns").value(static_cast<uint64_t>(dispatch.columns));
      json.key("scratch_bytes").value(dispatch.scratchBytes.str());
      json.key("flops_per_row").value(dispatch.flopsPerRow);
      json.key("bytes_fixed").value(dispatch.bytesFixed);
      json.key("covers").beginArray();
      for (uint32_t other : dispatch.covers)
        json.value(static_cast<uint64_t>(other));
      json.endArray();
      launchesJson(json, program, dispatch);
      json.endObject();
    }
    json.endArray();
    json.endObject();
  }
  json.endArray();
}

void programJson(JsonWriter &json, const EngineSpec &spec, const ProgramSpec &program) {
  json.beginObject();
  json.key("device").value(deviceName(program.target.device));
  if (program.target.device == DeviceKind::Cuda) {
    // What a timing cache must have been measured with; empty when there is nothing more to measure.
    char identity[17] = "";
    if (program.candidates != 0)
      std::snprintf(identity, sizeof(identity), "%016" PRIx64, program.candidates);
    json.key("candidates").value(identity);
  }
  json.key("cpu").value(program.target.cpu);
  stringsJson(json, "code", codeOf(spec, program));
  stringsJson(json, "features", program.target.features);
  kernelsJson(json, program);
  chainsJson(json, program);
  json.key("arena").beginObject();
  json.key("slots").value(static_cast<uint64_t>(program.slots.size()));
  json.key("bytes").value(arenaSize(program).str());
  json.key("bytes_without_reuse").value(program.arenaUnshared.str());
  json.endObject();
  json.endObject();
}
} // namespace

std::string reckon::tools::reportText(const EngineFile &file) { return TextReport(file).run(); }

std::string reckon::tools::reportJson(const EngineFile &file) {
  const EngineSpec &spec = file.spec();
  JsonWriter json;
  json.beginObject();
  json.key("file_bytes").value(file.fileSize());
  json.key("producer").value(spec.producer);
  stringsJson(json, "dims", spec.dims);
  tensorsJson(json, "inputs", spec.inputs);
  tensorsJson(json, "outputs", spec.outputs);
  json.key("requirements").beginArray();
  for (const SizeRequirement &requirement : spec.requirements) {
    json.beginObject();
    json.key("condition").value(conditionText(requirement));
    json.key("node").value(requirement.node);
    json.key("what").value(requirement.what);
    json.endObject();
  }
  json.endArray();
  storageJson(json, spec);
  json.key("programs").beginArray();
  for (const ProgramSpec &program : spec.programs)
    programJson(json, spec, program);
  json.endArray();
  json.key("sections").beginArray();
  for (const EngineSection &section : file.sections()) {
    json.beginObject();
    json.key("kind").value(enumName(section.kind));
    json.key("name").value(section.name);
    json.key("offset").value(section.offset);
    json.key("bytes").value(section.size);
    char checksum[32];
    std::snprintf(checksum, sizeof(checksum), "%016" PRIx64, section.checksum);
    json.key("xxh3").value(checksum);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.take();
}
