//===- ProgramValidate.cpp - The rules a program keeps --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Code is trusted, the description is not: what a device reads of it must be in range whatever the code does.
//
//===----------------------------------------------------------------------------===//

#include "EngineRules.h"

#include <algorithm>
#include <map>
#include <unordered_map>

using namespace reckon;

namespace {
// Limits of CUDA devices that are the same on all of them.
constexpr uint32_t maxBlockThreads = 1024, maxCluster = 16, maxSharedBytes = 1 << 20;
constexpr uint64_t maxParameterBytes = 32764;
constexpr size_t maxMapRank = 5;
constexpr uint32_t maxBox = 256;

struct CoveredRows {
  uint64_t last = 0;
  size_t by = 0; ///< a dispatch
};

class ProgramChecker {
public:
  ProgramChecker(const EngineSpec &spec, const ProgramSpec &program, RuleChecker &rules)
      : spec(spec), program(program), rules(rules), isCuda(program.target.device == DeviceKind::Cuda),
        device(deviceName(program.target.device)), where("program '" + device + "', ") {}

  void run() {
    checkTarget();
    checkSlots();
    checkKernels();
    for (size_t i = 0; i < program.chains.size() && !rules.failed(); ++i)
      checkChain(i);
  }

private:
  void fail(const std::string &message) { rules.fail(message); }

  void checkTarget() {
    rules.checkEnum("target", "device", program.target.device);
    if (isCuda)
      rules.checkName(where + "its architecture", program.target.cpu);
    for (const std::string &feature : program.target.features)
      rules.checkName("target '" + device + "': a feature", feature);
  }

  void checkSlots() {
    for (size_t i = 0; i < program.slots.size(); ++i)
      rules.checkExpr(where + "arena slot " + std::to_string(i), program.slots[i]);
    for (size_t i = 0; i < program.localSlots.size(); ++i)
      if (program.localSlots[i] > RuleChecker::maxBytes)
        fail(where + "local slot " + std::to_string(i) + " is too large");
    if (isCuda && !program.localSlots.empty())
      fail(where + "it has local slots, which only the host has");
    rules.checkExpr(where + "the unshared arena size", program.arenaUnshared);
  }

  void checkKernels() {
    std::unordered_set<std::string> symbols;
    for (const KernelSpec &kernel : program.kernels) {
      std::string what = where + "kernel '" + kernel.symbol + "'";
      rules.checkName("kernel", kernel.symbol);
      if (!symbols.insert(kernel.symbol).second)
        fail(what + " is listed twice");
      checkLayers(what, kernel);
      if (!isCuda) {
        if (kernel.blockThreads || kernel.cluster || kernel.sharedBytes || !kernel.tensorMaps.empty() || kernel.usesPdl)
          fail(what + " has blocks of threads, which only cuda has");
        continue;
      }
      if (kernel.blockThreads == 0 || kernel.blockThreads > maxBlockThreads)
        fail(what + ": blocks of " + std::to_string(kernel.blockThreads) + " threads, expected 1 to 1024");
      if (kernel.cluster > maxCluster)
        fail(what + ": clusters of " + std::to_string(kernel.cluster) + " blocks, expected at most 16");
      if (kernel.sharedBytes > maxSharedBytes || kernel.staticSharedBytes > maxSharedBytes)
        fail(what + ": more than 1 MiB of shared memory");
      for (size_t i = 0; i < kernel.tensorMaps.size(); ++i)
        checkTensorMap(what + ", tensor map " + std::to_string(i), kernel.tensorMaps[i]);
    }
  }

  /// Each input is one of the operands, of which dispatches have at most so many, or what an earlier layer gave.
  void checkLayers(const std::string &what, const KernelSpec &kernel) {
    int64_t results = 0;
    for (const LayerSpec &layer : kernel.layers) {
      for (int32_t input : layer.inputs)
        if (input >= static_cast<int64_t>(RuleChecker::maxEntries) || input < -results)
          return fail(what + ", layer '" + layer.op + "': there is no value " + std::to_string(input));
      results += static_cast<int64_t>(layer.results.size());
    }
  }

  void checkTensorMap(const std::string &what, const TensorMapSpec &map) {
    rules.checkEnum(what, "element type", map.type);
    size_t rank = map.sizes.size();
    if (rank == 0 || rank > maxMapRank)
      return fail(what + ": it has " + std::to_string(rank) + " dimensions, expected 1 to 5");
    if (map.strides.size() != rank - 1 || map.box.size() != rank)
      return fail(what + ": its strides or its box do not fit " + std::to_string(rank) + " dimensions");
    for (const auto *list : {&map.sizes, &map.strides})
      for (const SizeExpr &size : *list)
        rules.checkExpr(what, size);
    for (uint32_t extent : map.box)
      if (extent == 0 || extent > maxBox)
        fail(what + ": a tile of " + std::to_string(extent) + " elements, expected 1 to 256");
    if (map.swizzle != 0 && map.swizzle != 32 && map.swizzle != 64 && map.swizzle != 128)
      fail(what + ": a swizzle of " + std::to_string(map.swizzle) + " bytes, expected 0, 32, 64 or 128");
  }

  size_t spaceSize(Space space) const {
    switch (space) {
    case Space::Input:
      return spec.inputs.size();
    case Space::Output:
      return spec.outputs.size();
    case Space::Weight:
      return spec.weights.size();
    case Space::Table:
      return spec.tables.size();
    case Space::Arena:
      return program.slots.size();
    case Space::Local:
      return program.localSlots.size();
    }
    return 0;
  }

  void checkOperand(const std::string &what, const OperandSpec &operand, uint32_t blockRows, bool written) {
    rules.checkEnum(what, "space", operand.space);
    if (operand.index >= spaceSize(operand.space))
      return fail(what + ": index " + std::to_string(operand.index) + " is outside its space");
    if (operand.offset > RuleChecker::maxBytes)
      fail(what + ": offset " + std::to_string(operand.offset) + " is too large");
    if (written && operand.space != Space::Output && operand.space != Space::Arena && operand.space != Space::Local)
      fail(what + ": it is written and lives where nothing may be");
    switch (operand.space) {
    case Space::Weight:
      if (operand.offset > spec.weights[operand.index].data.size)
        fail(what + ": offset " + std::to_string(operand.offset) + " is outside the weight");
      break;
    case Space::Local: {
      uint64_t slot = program.localSlots[operand.index], last;
      if (operand.rowBytes > slot || operand.offset > slot ||
          __builtin_mul_overflow(slot, uint64_t(blockRows), &last) || last > RuleChecker::maxBytes)
        fail(what + ": its rows do not fit local slot " + std::to_string(operand.index));
      break;
    }
    default:
      break;
    }
    if (operand.space != Space::Local && operand.rowBytes != 0)
      fail(what + ": only local operands have row bytes");
    rules.checkExpr(what, operand.bytes);
    if (!program.checked && operand.bytes != SizeExpr())
      fail(what + ": only a checked program states the bytes of its operands");
  }

  void checkChain(size_t index) {
    const ChainSpec &chain = program.chains[index];
    std::string name = where + "chain " + std::to_string(index);
    rules.checkExpr(name, chain.rows);
    if (chain.blockRows == 0)
      fail(name + ": blocks have no rows");
    if (chain.dispatches.size() > RuleChecker::maxEntries)
      return fail(name + ": too many dispatches");
    if (isCuda && chain.dispatches.size() != 1)
      fail(name + ": it has " + std::to_string(chain.dispatches.size()) + " dispatches, on cuda it has one");
    for (size_t d = 0; d < chain.dispatches.size(); ++d) {
      const DispatchSpec &dispatch = chain.dispatches[d];
      std::string what = name + ", dispatch " + std::to_string(d);
      if (dispatch.kernel >= program.kernels.size())
        return fail(what + ": there is no kernel " + std::to_string(dispatch.kernel));
      what += " (kernel '" + program.kernels[dispatch.kernel].symbol + "')";
      if (dispatch.columns == 0)
        fail(what + ": it has no columns");
      rules.checkExpr(what, dispatch.scratchBytes);
      rules.checkExpr(what, dispatch.traffic);
      size_t count = dispatch.operands.size();
      if (dispatch.numOutputs > count)
        return fail(what + ": it has " + std::to_string(count) + " operands and " +
                    std::to_string(dispatch.numOutputs) + " outputs");
      for (size_t o = 0; o < count; ++o)
        checkOperand(what + ", operand " + std::to_string(o), dispatch.operands[o], chain.blockRows,
                     o >= count - dispatch.numOutputs);
      if (!isCuda && (!dispatch.launches.empty() || !dispatch.covers.empty()))
        fail(what + ": it has launches or covers others, which only cuda has");
      if (!isCuda)
        continue;
      checkLaunches(what, dispatch);
      checkCovers(what, index, dispatch);
    }
  }

  /// On cuda a chain is one dispatch, so the number of one is that of the other.
  void checkCovers(const std::string &what, size_t index, const DispatchSpec &dispatch) {
    for (size_t i = 0; i < dispatch.covers.size(); ++i) {
      uint32_t other = dispatch.covers[i];
      if (other >= index || (i > 0 && other <= dispatch.covers[i - 1]))
        return fail(what + ": it covers dispatch " + std::to_string(other) + ", expected earlier ones in order");
      if (!program.chains[other].dispatches[0].covers.empty())
        return fail(what + ": it covers dispatch " + std::to_string(other) + ", which covers others");
      if (program.chains[other].rows != program.chains[index].rows)
        return fail(what + ": it covers dispatch " + std::to_string(other) + ", which runs over other rows");
    }
    if (dispatch.covers.empty())
      return;
    const DispatchSpec &last = program.chains[dispatch.covers.back()].dispatches[0];
    auto isSame = [](const OperandSpec &a, const OperandSpec &b) {
      return a.space == b.space && a.index == b.index && a.offset == b.offset;
    };
    if (last.numOutputs != dispatch.numOutputs ||
        !std::equal(last.operands.end() - last.numOutputs, last.operands.end(),
                    dispatch.operands.end() - dispatch.numOutputs, isSame))
      fail(what + ": it does not write what dispatch " + std::to_string(dispatch.covers.back()) + " writes");
    checkRowsApart(what, index, dispatch);
  }

  /// Of the dispatches that cover the same one at most one may run. The launches of a dispatch count as one range, so
  /// that an engine with many of both does not take forever.
  void checkRowsApart(const std::string &what, size_t index, const DispatchSpec &dispatch) {
    uint64_t first = UINT64_MAX, last = 0;
    for (const LaunchSpec &launch : dispatch.launches) {
      first = std::min(first, launch.minRows);
      last = std::max(last, launch.maxRows);
    }
    for (uint32_t other : dispatch.covers) {
      std::map<uint64_t, CoveredRows> &ranges = covered[other];
      auto next = ranges.upper_bound(last);
      if (next != ranges.begin() && std::prev(next)->second.last >= first)
        return fail(what + ": it covers dispatch " + std::to_string(other) + " for " + describeRows(first, last) +
                    " rows, dispatch " + std::to_string(std::prev(next)->second.by) + " for " +
                    describeRows(std::prev(next)->first, std::prev(next)->second.last));
      ranges[first] = {last, index};
    }
  }

  static std::string describeRows(uint64_t first, uint64_t last) {
    return std::to_string(first) + (last == UINT64_MAX ? " or more" : " to " + std::to_string(last));
  }

  void checkLaunches(const std::string &what, const DispatchSpec &dispatch) {
    if (dispatch.numOutputs == 0)
      fail(what + ": it writes nothing");
    if (dispatch.launches.empty())
      return fail(what + ": it has no launch");
    if (dispatch.launches.size() > RuleChecker::maxEntries)
      return fail(what + ": too many launches");
    for (size_t i = 0; i < dispatch.launches.size() && !rules.failed(); ++i)
      checkLaunch(what + ", launch " + std::to_string(i), dispatch.launches[i], dispatch);
    const LaunchSpec &last = dispatch.launches.back();
    if (!dispatch.covers.empty()) {
      for (const LaunchSpec &launch : dispatch.launches)
        if (!launch.library.empty() || (launch.minRows == 0 && launch.maxRows == UINT64_MAX))
          fail(what + ": it covers others, so each launch is a generated kernel with a bound on its rows");
      return;
    }
    if (!last.library.empty() || last.minRows > 1 || last.maxRows != UINT64_MAX || last.needsTiming)
      fail(what + ": its last launch is not a generated kernel for any number of rows");
  }

  void checkLaunch(const std::string &what, const LaunchSpec &launch, const DispatchSpec &dispatch) {
    if (launch.minRows > launch.maxRows)
      fail(what + ": it is for " + std::to_string(launch.minRows) + " to " + std::to_string(launch.maxRows) + " rows");
    rules.checkExpr(what, launch.scratchBytes);
    for (const SizeExpr &size : launch.grid)
      rules.checkExpr(what + ", grid", size);
    if (!launch.library.empty()) {
      if (launch.library != "cublaslt")
        return fail(what + ": unknown library '" + launch.library + "'");
      if (!launch.gemm || !launch.grid.empty() || launch.blocksPerSm != 0)
        return fail(what + ": a library takes a matrix product and no grid");
      return checkGemm(what, *launch.gemm, dispatch.operands.size());
    }
    if (launch.gemm)
      fail(what + ": a generated kernel has no matrix product");
    if (launch.kernel >= program.kernels.size())
      return fail(what + ": there is no kernel " + std::to_string(launch.kernel));
    if (launch.grid.empty() || launch.grid.size() > 3)
      fail(what + ": a grid of " + std::to_string(launch.grid.size()) + " dimensions, expected 1 to 3");
    const KernelSpec &kernel = program.kernels[launch.kernel];
    for (const TensorMapSpec &map : kernel.tensorMaps)
      if (map.operand >= dispatch.operands.size())
        fail(what + ": kernel '" + kernel.symbol + "' has a tensor map of operand " + std::to_string(map.operand) +
             ", there are " + std::to_string(dispatch.operands.size()));
    // Operands, maps (aligned to 64), dimensions, rows, scratch, status, extents.
    size_t extents = program.checked ? dispatch.operands.size() + 1 : 0;
    size_t numbers = dispatch.operands.size() + spec.getKernelDims(dispatch).size() + 3 + extents;
    if (8 * numbers + 64 + 128 * kernel.tensorMaps.size() > maxParameterBytes)
      fail(what + ": the parameters of kernel '" + kernel.symbol + "' exceed " + std::to_string(maxParameterBytes) +
           " bytes");
  }

  void checkGemm(const std::string &what, const GemmSpec &gemm, size_t numOperands) {
    rules.checkExpr(what, gemm.m);
    for (int64_t operand : {int64_t(gemm.a), int64_t(gemm.weight), int64_t(gemm.bias), int64_t(gemm.out)})
      if (operand >= int64_t(numOperands) || operand < -1)
        fail(what + ": operand " + std::to_string(operand) + " of the product does not exist");
    uint64_t limit = RuleChecker::maxBytes;
    if (gemm.n == 0 || gemm.k == 0 || gemm.n > limit || gemm.k > limit || gemm.lda > limit || gemm.ldb > limit ||
        gemm.ldc > limit || gemm.lda < gemm.k || gemm.ldb < (gemm.transB ? gemm.k : gemm.n) || gemm.ldc < gemm.n)
      fail(what + ": the extents and strides of the product contradict each other");
    if (gemm.type != ElementType::F32 && gemm.type != ElementType::F16 && gemm.type != ElementType::BF16)
      fail(what + ": a product of " + enumName(gemm.type) + ", expected f32, f16 or bf16");
    rules.checkEnum(what, "way to compute", gemm.compute);
    rules.checkEnum(what, "epilogue", gemm.epilogue);
    if (addsBias(gemm.epilogue) != (gemm.bias >= 0))
      fail(what + ": the epilogue '" + enumName(gemm.epilogue) + "' does not fit the bias");
  }

  const EngineSpec &spec;
  const ProgramSpec &program;
  RuleChecker &rules;
  const bool isCuda;
  const std::string device, where;
  /// Of a covered dispatch: the least number of rows that one covers it for, and up to how many which one does.
  std::unordered_map<uint32_t, std::map<uint64_t, CoveredRows>> covered;
};
} // namespace

void RuleChecker::checkProgram(const ProgramSpec &program) { ProgramChecker(spec, program, *this).run(); }
