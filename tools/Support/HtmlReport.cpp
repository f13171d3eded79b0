//===- HtmlReport.cpp - An engine as a page -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The page draws what this file hands it as JSON: for each program its dispatches, which read what earlier ones wrote,
// the layers in them, and the stretches of time that pieces of the arena are in use.
//
//===----------------------------------------------------------------------------===//

#include "HtmlReport.h"
#include "InputMaker.h"
#include "Json.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::tools;

namespace {
/// What is between the first write of some memory and the last read before the next one.
struct Stretch {
  Space space;
  size_t slot;
  size_t first = 0, last = 0;  // dispatches
  std::vector<size_t> writers; // dispatches
  bool isRead = false;
};

/// One program's dispatches in order, and which of them hand data to each other.
class Flow {
public:
  struct Edge {
    size_t writer, operand; // operand of the reader
  };
  struct Node {
    const DispatchSpec *dispatch;
    const ChainSpec *chain;
    size_t chainNumber;
    std::vector<Edge> from;
  };
  explicit Flow(const ProgramSpec &program);
  const ProgramSpec &program;
  std::vector<Node> nodes;
  std::vector<Stretch> stretches; // of arena and local memory

private:
  void add(const DispatchSpec &dispatch, size_t number);
  void read(const OperandSpec &operand, size_t index, size_t number);
  void write(const OperandSpec &operand, size_t number);
  Stretch *current(const OperandSpec &operand);

  std::map<std::pair<int, uint32_t>, size_t> open; // into `stretches`, by space and slot
};
} // namespace

Stretch *Flow::current(const OperandSpec &operand) {
  auto found = open.find({static_cast<int>(operand.space), operand.index});
  return found == open.end() ? nullptr : &stretches[found->second];
}

void Flow::read(const OperandSpec &operand, size_t index, size_t number) {
  Stretch *stretch = current(operand);
  if (!stretch)
    return;
  stretch->isRead = true;
  stretch->last = number;
  for (size_t writer : stretch->writers)
    if (writer != number)
      nodes[number].from.push_back({writer, index});
}

void Flow::write(const OperandSpec &operand, size_t number) {
  if (operand.space != Space::Arena && operand.space != Space::Local)
    return;
  Stretch *stretch = current(operand);
  // A part of what is being put together, or new data in memory that others have finished with.
  bool isNew = !stretch || (stretch->isRead && stretch->last != number);
  if (isNew) {
    open[{static_cast<int>(operand.space), operand.index}] = stretches.size();
    stretches.push_back({operand.space, operand.index, number, number, {}, false});
    stretch = &stretches.back();
  }
  stretch->last = number;
  stretch->writers.push_back(number);
}

void Flow::add(const DispatchSpec &dispatch, size_t number) {
  size_t outputs = std::min<size_t>(dispatch.numOutputs, dispatch.operands.size());
  size_t inputs = dispatch.operands.size() - outputs;
  for (size_t o = 0; o < inputs; ++o)
    read(dispatch.operands[o], o, number);
  for (size_t o = inputs; o < dispatch.operands.size(); ++o)
    write(dispatch.operands[o], number);
}

Flow::Flow(const ProgramSpec &program) : program(program) {
  for (size_t c = 0; c < program.chains.size(); ++c)
    for (const DispatchSpec &dispatch : program.chains[c].dispatches) {
      nodes.push_back({&dispatch, &program.chains[c], c, {}});
      add(dispatch, nodes.size() - 1);
    }
}

//===-- The data --------------------------------------------------------------===//

namespace {
class PageData {
public:
  PageData(const EngineFile &file, const std::vector<int64_t> &dims) : file(file), spec(file.spec()), dims(dims) {}
  std::string make(int64_t batch);

private:
  /// -1: not known.
  int64_t valueOf(const SizeExpr &size) const {
    auto value = size.evaluate([&](std::string_view name) -> std::optional<int64_t> {
      auto found = std::find(spec.dims.begin(), spec.dims.end(), name);
      return found == spec.dims.end() ? std::nullopt : std::optional(dims[found - spec.dims.begin()]);
    });
    return value.value_or(-1);
  }
  void strings(const char *key, const std::vector<std::string> &list) {
    json.key(key).beginArray();
    for (const std::string &text : list)
      json.value(text);
    json.endArray();
  }
  void tensors(const char *key, const std::vector<TensorInfo> &list);
  void tables();
  void kernels(const ProgramSpec &program);
  void dispatches(const Flow &flow);
  void operands(const DispatchSpec &dispatch);
  struct Extent {
    int64_t offset = 0, bytes = 0;
  };
  /// By stretch.
  std::vector<Extent> arenaExtents(const Flow &flow) const;
  std::vector<Extent> localExtents(const Flow &flow) const;
  void memory(const char *key, const Flow &flow, Space space, const std::vector<Extent> &extents);

  const EngineFile &file;
  const EngineSpec &spec;
  const std::vector<int64_t> &dims;
  JsonWriter json;
};
} // namespace

void PageData::tensors(const char *key, const std::vector<TensorInfo> &list) {
  json.key(key).beginArray();
  for (const TensorInfo &tensor : list) {
    std::string type = std::string(enumName(tensor.type)) + "[";
    for (size_t axis = 0; axis < tensor.shape.size(); ++axis)
      type += (axis == 0 ? "" : ", ") + tensor.shape[axis].str();
    json.beginObject();
    json.key("name").value(tensor.name);
    json.key("type").value(type + "]");
    json.endObject();
  }
  json.endArray();
}

void PageData::tables() {
  json.key("tables").beginArray();
  for (const TableSpec &table : spec.tables) {
    json.beginObject();
    json.key("name").value(table.name);
    json.key("rows").value(table.rows);
    json.key("dim").value(table.dim);
    json.key("type").value(enumName(table.type));
    json.key("encoding").value(enumName(table.encoding));
    json.key("bytes").value(table.rows * table.rowBytes());
    json.key("where").value(table.data.size != 0          ? "in the engine"
                            : !table.externalFile.empty() ? table.externalFile
                                                          : std::string("bound when it is loaded"));
    json.endObject();
  }
  json.endArray();
  json.key("weights").beginArray();
  for (const WeightSpec &weight : spec.weights) {
    json.beginObject();
    json.key("name").value(weight.name);
    json.key("type").value(enumName(weight.type));
    json.key("packing").value(weight.packing);
    json.key("bytes").value(static_cast<uint64_t>(weight.data.size));
    json.endObject();
  }
  json.endArray();
}

void PageData::kernels(const ProgramSpec &program) {
  json.key("kernels").beginArray();
  for (const KernelSpec &kernel : program.kernels) {
    json.beginObject();
    json.key("symbol").value(kernel.symbol);
    json.key("kind").value(kernel.kind);
    strings("nodes", kernel.onnxNodes);
    json.key("registers").value(static_cast<uint64_t>(kernel.registers));
    json.key("threads").value(static_cast<uint64_t>(kernel.blockThreads));
    json.key("shared").value(static_cast<uint64_t>(kernel.sharedBytes) + kernel.staticSharedBytes);
    json.key("layers").beginArray();
    for (const LayerSpec &layer : kernel.layers) {
      json.beginObject();
      json.key("op").value(layer.op);
      strings("nodes", layer.nodes);
      json.key("inputs").beginArray();
      for (int32_t input : layer.inputs)
        json.value(static_cast<int64_t>(input));
      json.endArray();
      strings("results", layer.results);
      json.endObject();
    }
    json.endArray();
    json.endObject();
  }
  json.endArray();
}

void PageData::operands(const DispatchSpec &dispatch) {
  json.key("operands").beginArray();
  for (const OperandSpec &operand : dispatch.operands) {
    json.beginObject();
    json.key("space").value(enumName(operand.space));
    json.key("index").value(static_cast<uint64_t>(operand.index));
    json.endObject();
  }
  json.endArray();
}

void PageData::dispatches(const Flow &flow) {
  json.key("dispatches").beginArray();
  for (const Flow::Node &node : flow.nodes) {
    const DispatchSpec &dispatch = *node.dispatch;
    int64_t rows = valueOf(node.chain->rows), flops = 0;
    if (rows < 0 || __builtin_mul_overflow(static_cast<int64_t>(dispatch.flopsPerRow), rows, &flops))
      flops = -1;
    json.beginObject();
    json.key("kernel").value(static_cast<uint64_t>(dispatch.kernel));
    json.key("chain").value(static_cast<uint64_t>(node.chainNumber));
    json.key("rows").value(rows);
    json.key("flops").value(flops);
    json.key("bytes").value(dispatch.traffic == SizeExpr() ? int64_t(-1) : valueOf(dispatch.traffic));
    json.key("outputs").value(static_cast<uint64_t>(dispatch.numOutputs));
    json.key("covers").beginArray();
    for (uint32_t other : dispatch.covers)
      json.value(static_cast<uint64_t>(other));
    json.endArray();
    operands(dispatch);
    json.key("from").beginArray();
    for (const Flow::Edge &edge : node.from) {
      json.beginArray();
      json.value(static_cast<uint64_t>(edge.writer));
      json.value(static_cast<uint64_t>(edge.operand));
      json.endArray();
    }
    json.endArray();
    json.endObject();
  }
  json.endArray();
}

void PageData::memory(const char *key, const Flow &flow, Space space, const std::vector<Extent> &extents) {
  int64_t end = 0;
  for (const Extent &extent : extents)
    end = std::max(end, extent.offset + extent.bytes);
  json.key(key).beginObject();
  json.key("bytes").value(end);
  if (space == Space::Arena)
    json.key("unshared").value(valueOf(flow.program.arenaUnshared));
  json.key("stretches").beginArray();
  for (size_t i = 0; i < flow.stretches.size(); ++i) {
    const Stretch &stretch = flow.stretches[i];
    if (stretch.space != space)
      continue;
    json.beginObject();
    json.key("slot").value(static_cast<uint64_t>(stretch.slot));
    json.key("offset").value(extents[i].offset);
    json.key("bytes").value(extents[i].bytes);
    json.key("first").value(static_cast<uint64_t>(stretch.first));
    json.key("last").value(static_cast<uint64_t>(stretch.last));
    json.endObject();
  }
  json.endArray();
  json.endObject();
}

/// Slots one behind the other.
std::vector<PageData::Extent> PageData::arenaExtents(const Flow &flow) const {
  constexpr int64_t alignment = 64;
  std::vector<Extent> slots, extents(flow.stretches.size());
  int64_t end = 0;
  for (const SizeExpr &slot : flow.program.slots) {
    slots.push_back({end, std::max<int64_t>(valueOf(slot), 0)});
    end += (slots.back().bytes + alignment - 1) / alignment * alignment;
  }
  for (size_t i = 0; i < extents.size(); ++i)
    if (flow.stretches[i].space == Space::Arena && flow.stretches[i].slot < slots.size())
      extents[i] = slots[flow.stretches[i].slot];
  return extents;
}

/// Slots of a chain one behind the other; chains have the same memory.
std::vector<PageData::Extent> PageData::localExtents(const Flow &flow) const {
  std::vector<Extent> extents(flow.stretches.size());
  std::map<std::pair<size_t, size_t>, int64_t> offsets; // by chain and slot
  std::map<size_t, int64_t> ends;                       // by chain
  for (size_t i = 0; i < extents.size(); ++i) {
    const Stretch &stretch = flow.stretches[i];
    if (stretch.space != Space::Local || stretch.slot >= flow.program.localSlots.size())
      continue;
    const Flow::Node &node = flow.nodes[stretch.first];
    auto bytes = static_cast<int64_t>(flow.program.localSlots[stretch.slot] * node.chain->blockRows);
    auto [place, isNew] = offsets.insert({{node.chainNumber, stretch.slot}, ends[node.chainNumber]});
    if (isNew)
      ends[node.chainNumber] += bytes;
    extents[i] = {place->second, bytes};
  }
  return extents;
}

std::string PageData::make(int64_t batch) {
  json.beginObject();
  json.key("bytes").value(file.fileSize());
  json.key("producer").value(spec.producer);
  json.key("batch").value(batch);
  tensors("inputs", spec.inputs);
  tensors("outputs", spec.outputs);
  tables();
  json.key("programs").beginArray();
  for (const ProgramSpec &program : spec.programs) {
    Flow flow(program);
    json.beginObject();
    json.key("device").value(deviceName(program.target.device));
    json.key("cpu").value(program.target.cpu);
    kernels(program);
    dispatches(flow);
    memory("arena", flow, Space::Arena, arenaExtents(flow));
    memory("local", flow, Space::Local, localExtents(flow));
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.take();
}

//===-- The page --------------------------------------------------------------===//

/// Text that cannot end the element it is in.
static std::string inScript(std::string text) {
  for (size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3)
    text.insert(at + 1, "\\");
  return text;
}

static std::string escapeHtml(const std::string &text) {
  std::string result;
  for (char c : text)
    result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : std::string(1, c);
  return result;
}

bool reckon::tools::reportHtml(const EngineFile &file, const HtmlOptions &options, std::string &page,
                               std::string &error) {
  const EngineSpec &spec = file.spec();
  std::vector<int64_t> rows;
  for (const TableSpec &table : spec.tables)
    rows.push_back(static_cast<int64_t>(table.rows));
  InputMaker maker(spec, rows);
  InputOptions inputs;
  inputs.batch = maker.fixedBatch().value_or(options.batch);
  if (!maker.chooseDims(inputs, error))
    return false;
  const std::pair<std::string, std::string> parts[] = {
      {"%TITLE%", escapeHtml(options.title)},
      {"%DATA%", inScript(PageData(file, maker.dims()).make(inputs.batch))},
      {"%PROFILE%", inScript(options.profile.empty() ? "null" : options.profile)}};
  page.clear();
  std::string_view rest = htmlPage;
  while (!rest.empty()) {
    size_t next = std::string_view::npos;
    const std::pair<std::string, std::string> *found = nullptr;
    for (const auto &part : parts)
      if (size_t at = rest.find(part.first); at < next) {
        next = at;
        found = &part;
      }
    page += rest.substr(0, next);
    if (!found)
      break;
    page += found->second;
    rest.remove_prefix(next + found->first.size());
  }
  return true;
}
