//===- Host/HostDevice.cpp - The CPU --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "HostDevice.h"
#include "CpuFeatures.h"
#include "HostExecutor.h"
#include "Schedule.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <set>

using namespace reckon;
using namespace reckon::runtime;

std::unique_ptr<Program> HostDevice::load(const ProgramSource &source, const Snapshot &, Error &error) const {
  auto program = std::make_unique<HostProgram>(source);
  if (!program->load(error))
    return nullptr;
  return program;
}

namespace {
struct PlainBlock final : HostBlock {
  AlignedBuffer memory;
  void *data() const override { return memory.data(); }
};
struct CallersBlock final : HostBlock {
  explicit CallersBlock(void *address) : address(address) {}
  void *data() const override { return address; }
  void *address;
};
} // namespace

std::unique_ptr<HostBlock> HostDevice::allocateHost(size_t bytes, Error &error) const {
  auto block = std::make_unique<PlainBlock>();
  if (!block->memory.allocate(bytes)) {
    error.set(RECKON_UNAVAILABLE, "out of memory: " + std::to_string(bytes) + " bytes are not there");
    return nullptr;
  }
  return block;
}

/// Any memory will do.
std::unique_ptr<HostBlock> HostDevice::registerHost(void *data, size_t, Error &) const {
  return std::make_unique<CallersBlock>(data);
}

static uint64_t alignTo64(uint64_t value) { return (value + 63) / 64 * 64; }

/// Local slots of a chain side by side; chains follow each other, so they share the memory. Of a checked program they
/// are apart.
static uint64_t layOutLocals(const ProgramSpec &program, const ChainSpec &chain, std::vector<uint64_t> &offsets,
                             GuardedLayout &guarded) {
  offsets.assign(program.localSlots.size(), UINT64_MAX);
  uint64_t size = 0;
  for (const DispatchSpec &dispatch : chain.dispatches)
    for (const OperandSpec &operand : dispatch.operands)
      if (operand.space == Space::Local && offsets[operand.index] == UINT64_MAX) {
        uint64_t bytes = program.localSlots[operand.index] * chain.blockRows;
        if (program.checked && guarded.add(bytes, offsets[operand.index]))
          continue;
        offsets[operand.index] = size;
        size += alignTo64(bytes);
      }
  return program.checked ? guarded.bytes() : size;
}

/// Copies weights that a core's own cache about holds to huge pages. Pages of a mapped file lie anywhere in physical
/// memory and evict each other from that cache although all would fit: one row through 2 MB of weights takes up to half
/// longer. Larger weights come from further away in any case and stay in the engine, which processes share. Part of the
/// first run rather than of loading, because the system may take milliseconds to find a huge page.
const std::vector<const uint8_t *> &HostProgram::placeWeights() const {
  std::call_once(placed, [&] { copyWeights(); });
  return weights;
}

void HostProgram::copyWeights() const {
  const std::vector<WeightSpec> &specs = source.spec.weights;
  std::vector<bool> isRead = source.findWeights();
  uint64_t total = 0;
  for (size_t i = 0; i < specs.size(); ++i)
    total += isRead[i] ? alignTo64(specs[i].data.size) : 0;
  bool copy = static_cast<double>(total) <= 4 * privateCacheBytes() && weightCopy.allocate(total);
  uint8_t *next = weightCopy.data();
  for (size_t i = 0; i < specs.size(); ++i) {
    const ByteSpan &data = specs[i].data;
    bool isCopied = copy && isRead[i];
    weights.push_back(isCopied ? next : data.data);
    if (isCopied && data.size != 0)
      std::memcpy(next, data.data, data.size);
    if (isCopied)
      next += alignTo64(data.size);
  }
}

bool HostProgram::load(Error &error) {
  const ProgramSpec &program = source.program;
  if (!checkCpuFeatures(program.target.features, error))
    return false;
  for (const CodeSpec &section : source.spec.code)
    if (section.kind == CodeKind::Host && !code.load(section, error))
      return false;

  auto tooDeep = [&] { return error.set(RECKON_INVALID, "a size expression of the engine nests too deeply"); };
  std::set<uint32_t> needed;
  auto compile = [&](const SizeExpr &expr, SizeProgram &result) {
    for (const std::string &name : expr.dims())
      needed.insert(source.dimIndex.at(name));
    return result.compile(expr, source.dimIndex);
  };
  slots.resize(program.slots.size());
  for (size_t i = 0; i < slots.size(); ++i)
    if (!compile(program.slots[i], slots[i]))
      return tooDeep();

  const size_t numNamed = source.spec.numNamedDims();
  kernelDims.resize(numNamed);
  std::iota(kernelDims.begin(), kernelDims.end(), 0);
  std::vector<uint64_t> localOffsets;
  std::map<std::string, uint32_t> scratchExprs;
  chains.resize(program.chains.size());
  for (size_t c = 0; c < chains.size(); ++c) {
    const ChainSpec &chain = program.chains[c];
    if (!compile(chain.rows, chains[c].rows))
      return tooDeep();
    chains[c].firstDispatch = numDispatches;
    numDispatches += static_cast<uint32_t>(chain.dispatches.size());
    localBytes = std::max(localBytes, layOutLocals(program, chain, localOffsets, chains[c].locals));
    for (const DispatchSpec &dispatch : chain.dispatches) {
      const std::string &symbol = program.kernels[dispatch.kernel].symbol;
      Dispatch result{code.find(symbol),
                      static_cast<uint32_t>(operands.size()),
                      static_cast<uint32_t>(dispatch.operands.size()),
                      dispatch.columns,
                      {},
                      0,
                      0};
      if (!result.kernel)
        return error.set(RECKON_INVALID, "the engine's code lacks the kernel '" + symbol + "'");
      if (std::vector<uint32_t> dims = source.spec.getKernelDims(dispatch); dims.size() > numNamed) {
        result.firstDim = static_cast<uint32_t>(kernelDims.size());
        kernelDims.insert(kernelDims.end(), dims.begin(), dims.end());
      }
      for (uint32_t o = 0; o < result.numOperands; ++o) {
        const OperandSpec &operand = dispatch.operands[o];
        operands.push_back(&operand);
        if (program.checked && !compile(operand.bytes, operandBytes.emplace_back()))
          return tooDeep();
        if (operand.space == Space::Local)
          result.locals.push_back({o, localOffsets[operand.index] + operand.offset, operand.rowBytes});
      }
      maxOperands = std::max(maxOperands, result.numOperands);
      weightBytes += static_cast<double>(dispatch.bytesFixed);
      auto [known, isNew] = scratchExprs.try_emplace(dispatch.scratchBytes.str(), scratch.size());
      if (isNew && !compile(dispatch.scratchBytes, scratch.emplace_back()))
        return tooDeep();
      result.scratch = known->second;
      chains[c].dispatches.push_back(std::move(result));
    }
  }
  planDims.assign(needed.begin(), needed.end());
  return true;
}

std::unique_ptr<Executor> HostProgram::createExecutor(const ExecutorOptions &options, Error &error) const {
  auto executor = std::make_unique<HostExecutor>(*this);
  if (!executor->start(options, error))
    return nullptr;
  return executor;
}
