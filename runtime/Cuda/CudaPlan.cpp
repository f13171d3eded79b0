//===- Cuda/CudaPlan.cpp - The graph of one combination of sizes ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The graph is made node by node rather than captured from a stream: its edges are then what dispatches really wait
// for, and a node can be found again when its parameters change.
//
//===----------------------------------------------------------------------------===//

#include "CudaPlan.h"
#include "../OperandBytes.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

static constexpr int64_t maxRows = int64_t(1) << 40;
/// Of a multiprocessor: about what it holds at a time.
static constexpr uint64_t maxWaitingBlocks = 8;
static constexpr uint64_t maxGridX = INT32_MAX, maxGridYZ = 65535;

//===-- Sizes -----------------------------------------------------------------===//

bool CudaPlan::reserve(uint64_t bytes, uint64_t &offset, Error &error) {
  if (program.source.program.checked) {
    if (!layout.add(bytes, offset))
      return error.set(RECKON_INVALID, "the arena exceeds 64 bits for these inputs");
    memoryBytes = layout.bytes();
    return true;
  }
  offset = memoryBytes;
  if (bytes > UINT64_MAX / 2 || __builtin_add_overflow(memoryBytes, alignDevice(bytes), &memoryBytes))
    return error.set(RECKON_INVALID, "the arena exceeds 64 bits for these inputs");
  return true;
}

bool CudaPlan::layOutSlots(const std::vector<int64_t> &values, Error &error) {
  for (size_t i = 0; i < program.slots.size(); ++i) {
    int64_t size;
    if (!program.slots[i].evaluate(values.data(), size) || size < 0)
      return error.set(RECKON_INVALID, "the arena slot of " + program.source.program.slots[i].str() +
                                           " bytes is negative or exceeds 64 bits for these inputs");
    if (!reserve(size, slotOffsets.emplace_back(), error))
      return false;
  }
  return true;
}

bool CudaPlan::findGrid(const CudaProgram::Launch &launch, const std::vector<int64_t> &values, uint64_t (&grid)[3],
                        Error &error) const {
  const KernelSpec &kernel = *program.kernels[launch.spec->kernel].spec;
  auto wrong = [&](size_t axis, const std::string &size) {
    return error.set(RECKON_INVALID, "kernel '" + kernel.symbol + "': a grid of " + launch.spec->grid[axis].str() +
                                         " = " + size + " blocks is not possible");
  };
  for (size_t axis = 0; axis < launch.grid.size(); ++axis) {
    int64_t size;
    if (!launch.grid[axis].evaluate(values.data(), size) || size < 0)
      return wrong(axis, "no number of");
    grid[axis] = static_cast<uint64_t>(size);
    if (axis != 0 && grid[axis] > maxGridYZ)
      return wrong(axis, std::to_string(size));
  }
  uint64_t cluster = std::max(kernel.cluster, 1u);
  if (uint64_t perProcessor = launch.spec->blocksPerSm) {
    uint64_t resident = perProcessor * static_cast<uint64_t>(program.device.properties.multiprocessors);
    grid[0] = std::min(grid[0], std::max(resident / cluster, uint64_t(1)) * cluster);
  }
  if (grid[0] > maxGridX || grid[0] % cluster != 0)
    return wrong(0, std::to_string(grid[0]));
  return true;
}

bool CudaPlan::addMaps(const CudaProgram::Kernel &kernel, const std::vector<int64_t> &values, Error &error) {
  for (const CudaProgram::TensorMap &source : kernel.maps) {
    Map map{&source, {}, {}};
    auto evaluate = [&](const std::vector<SizeProgram> &list, std::vector<uint64_t> &result) {
      for (const SizeProgram &program : list) {
        int64_t size;
        if (!program.evaluate(values.data(), size) || size < 0)
          return error.set(RECKON_INVALID, "kernel '" + kernel.spec->symbol +
                                               "': the size of a tensor map is negative or exceeds 64 bits");
        // The driver refuses empty tensors; nobody reads from this one.
        result.push_back(std::max<int64_t>(size, 1));
      }
      return true;
    };
    if (!evaluate(source.sizes, map.sizes) || !evaluate(source.strides, map.strides))
      return false;
    maps.push_back(std::move(map));
  }
  return true;
}

bool CudaPlan::findRows(const CudaProgram::Dispatch &dispatch, const std::vector<int64_t> &values, int64_t &rows,
                        Error &error) const {
  return (dispatch.rows.evaluate(values.data(), rows) && rows >= 0 && rows <= maxRows) ||
         error.set(RECKON_INVALID,
                   "the row count " + dispatch.rowsText->str() + " is negative or exceeds 2^40 for these inputs");
}

static bool isFor(const CudaProgram::Launch &launch, int64_t rows) {
  return static_cast<uint64_t>(rows) >= launch.spec->minRows && static_cast<uint64_t>(rows) <= launch.spec->maxRows;
}

/// Either a dispatch that covers others is passed over or they are. Several may cover a dispatch; one of them runs at
/// most.
bool CudaPlan::passOver(const std::vector<int64_t> &values, std::vector<bool> &passed, Error &error) const {
  passed.assign(program.dispatches.size(), false);
  for (size_t d = 0; d < program.dispatches.size(); ++d) {
    const CudaProgram::Dispatch &dispatch = program.dispatches[d];
    int64_t rows;
    if (dispatch.spec->covers.empty())
      continue;
    if (!findRows(dispatch, values, rows, error))
      return false;
    bool runs = std::any_of(dispatch.launches.begin(), dispatch.launches.end(),
                            [&](const CudaProgram::Launch &launch) { return isFor(launch, rows); });
    passed[d] = !runs;
    for (uint32_t other : dispatch.spec->covers)
      passed[other] = passed[other] || runs;
  }
  return true;
}

bool CudaPlan::addNode(uint32_t index, const std::vector<int64_t> &values, Error &error) {
  const CudaProgram::Dispatch &dispatch = program.dispatches[index];
  int64_t rows;
  if (!findRows(dispatch, values, rows, error))
    return false;
  if (rows == 0)
    return true;
  auto launch = dispatch.launches.begin();
  // The last one is generated, and for any number of rows; or one was found before that covers others.
  for (bool added = false;; ++launch) {
    if (!isFor(*launch, rows))
      continue;
    if (launch->spec->library.empty())
      break;
    if (!addLibraryNode(index, *launch, values, added, error))
      return false;
    if (added)
      return true;
  }
  const CudaProgram::Kernel &kernel = program.kernels[launch->spec->kernel];
  uint64_t grid[3] = {1, 1, 1};
  int64_t scratch;
  if (!findGrid(*launch, values, grid, error))
    return false;
  uint64_t blocks = grid[0] * grid[1] * grid[2]; // 31 + 16 + 16 bits
  if (blocks == 0)
    return true;
  uint64_t scratchBytes;
  if (!launch->scratchBytes.evaluate(values.data(), scratch) || scratch < 0 ||
      __builtin_mul_overflow(static_cast<uint64_t>(scratch), blocks, &scratchBytes))
    return error.set(RECKON_INVALID, "kernel '" + kernel.spec->symbol +
                                         "': its scratch is negative or exceeds 64 bits for these inputs");
  Node node = {};
  node.dispatch = index;
  node.kernel = &kernel;
  node.firstValue = static_cast<uint32_t>(this->values.size());
  node.firstMap = static_cast<uint32_t>(maps.size());
  node.scratchBytes = scratchBytes;
  node.staysResident = launch->spec->blocksPerSm != 0;
  if (!reserve(scratchBytes, node.scratchOffset, error) || !addMaps(kernel, values, error))
    return false;
  size_t operands = dispatch.spec->operands.size(), numExtents = program.source.program.checked ? operands + 1 : 0;
  this->values.resize(this->values.size() + operands + 3 + numExtents);
  this->values[node.firstValue + operands] = static_cast<uint64_t>(rows);
  if (numExtents != 0 && !setExtents(node, values, error))
    return false;
  CUDA_KERNEL_NODE_PARAMS &parameters = node.parameters;
  parameters.func = kernel.function;
  parameters.gridDimX = static_cast<unsigned>(grid[0]);
  parameters.gridDimY = static_cast<unsigned>(grid[1]);
  parameters.gridDimZ = static_cast<unsigned>(grid[2]);
  parameters.blockDimX = kernel.spec->blockThreads;
  parameters.blockDimY = parameters.blockDimZ = 1;
  parameters.sharedMemBytes = kernel.spec->sharedBytes;
  nodes.push_back(node);
  return true;
}

/// `added` stays false when the library has no way to do this product.
bool CudaPlan::addLibraryNode(uint32_t index, const CudaProgram::Launch &launch, const std::vector<int64_t> &values,
                              bool &added, Error &error) {
  int64_t rows;
  const GemmSpec &spec = *launch.spec->gemm;
  if (!launch.gemmRows.evaluate(values.data(), rows) || rows < 0 || rows > maxRows)
    return error.set(RECKON_INVALID,
                     "the rows " + spec.m.str() + " of a matrix product are negative or exceed 2^40 for these inputs");
  if (rows == 0) {
    added = true;
    return true;
  }
  auto gemm = std::make_unique<LibraryGemm>(program.holdings->cublasLt, spec, static_cast<uint64_t>(rows));
  if (!gemm->prepare())
    return true;
  LibraryNode node{index, std::move(gemm), &spec, &launch.spec->library, 0, false};
  if (!reserve(node.gemm->workspaceBytes(), node.workspaceOffset, error))
    return false;
  libraryNodes.push_back(std::move(node));
  added = true;
  return true;
}

bool CudaPlan::build(const std::vector<int64_t> &values, Error &error) {
  if (!layOutSlots(values, error))
    return false;
  std::vector<bool> passed;
  if (!passOver(values, passed, error))
    return false;
  for (uint32_t d = 0; d < program.dispatches.size(); ++d)
    if (!passed[d] && !addNode(d, values, error))
      return false;
  dims = values;
  encoded.resize(maps.size());
  connectPointers();
  return true;
}

bool CudaPlan::setExtents(const Node &node, const std::vector<int64_t> &dims, Error &error) {
  const CudaProgram::Dispatch &dispatch = program.dispatches[node.dispatch];
  const std::vector<OperandSpec> &operands = dispatch.spec->operands;
  uint64_t *extents = &values[node.firstValue + operands.size() + 3];
  for (size_t o = 0; o < operands.size(); ++o) {
    const OperandSpec &operand = operands[o];
    uint64_t slotBytes = operand.space == Space::Arena ? layout.part(operand.index).second : 0;
    auto bytes = findOperandBytes(program.source, operand, dispatch.operandBytes[o], dims, slotBytes, error);
    if (!bytes)
      return false;
    extents[o] = *bytes;
  }
  extents[operands.size()] = node.scratchBytes;
  return true;
}

/// The driver takes an address for each parameter. Nothing moves from here on.
void CudaPlan::connectPointers() {
  for (Node &node : nodes) {
    node.firstPointer = static_cast<uint32_t>(pointers.size());
    size_t operands = program.dispatches[node.dispatch].spec->operands.size();
    for (size_t o = 0; o < operands; ++o)
      pointers.push_back(&values[node.firstValue + o]);
    for (size_t m = 0; m < node.kernel->maps.size(); ++m)
      pointers.push_back(&encoded[node.firstMap + m]);
    for (uint32_t dim : program.dispatches[node.dispatch].dims)
      pointers.push_back(&dims[dim]);
    for (size_t rest = 0, end = 3 + (program.source.program.checked ? operands + 1 : 0); rest < end; ++rest)
      pointers.push_back(&values[node.firstValue + operands + rest]);
  }
  for (Node &node : nodes)
    node.parameters.kernelParams = &pointers[node.firstPointer];
}

//===-- Addresses -------------------------------------------------------------===//

CUdeviceptr CudaPlan::addressOf(const OperandSpec &operand, const Addresses &addresses) const {
  switch (operand.space) {
  case Space::Input:
    return addresses.inputs[operand.index] + operand.offset;
  case Space::Output:
    return addresses.outputs[operand.index] + operand.offset;
  case Space::Weight:
    return addresses.side->weights[operand.index] + operand.offset;
  case Space::Table:
    return addresses.side->tables[operand.index] + operand.offset;
  case Space::Arena:
    return addresses.arena + slotOffsets[operand.index] + operand.offset;
  case Space::Local:
    break; // no program for this device has any
  }
  return 0;
}

static CUtensorMapDataType mapType(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
  case ElementType::F16:
    return CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
  case ElementType::BF16:
    return CU_TENSOR_MAP_DATA_TYPE_BFLOAT16;
  case ElementType::F64:
    return CU_TENSOR_MAP_DATA_TYPE_FLOAT64;
  case ElementType::I8:
  case ElementType::U8:
  case ElementType::Bool:
    return CU_TENSOR_MAP_DATA_TYPE_UINT8;
  case ElementType::I16:
  case ElementType::U16:
    return CU_TENSOR_MAP_DATA_TYPE_UINT16;
  case ElementType::I32:
    return CU_TENSOR_MAP_DATA_TYPE_INT32;
  case ElementType::U32:
    return CU_TENSOR_MAP_DATA_TYPE_UINT32;
  case ElementType::I64:
    return CU_TENSOR_MAP_DATA_TYPE_INT64;
  case ElementType::U64:
    return CU_TENSOR_MAP_DATA_TYPE_UINT64;
  }
  return CU_TENSOR_MAP_DATA_TYPE_UINT8;
}

static CUtensorMapSwizzle mapSwizzle(uint32_t bytes) {
  return bytes == 128  ? CU_TENSOR_MAP_SWIZZLE_128B
         : bytes == 64 ? CU_TENSOR_MAP_SWIZZLE_64B
         : bytes == 32 ? CU_TENSOR_MAP_SWIZZLE_32B
                       : CU_TENSOR_MAP_SWIZZLE_NONE;
}

bool CudaPlan::encode(const Node &node, size_t index, Error &error) {
  const Map &map = maps[node.firstMap + index];
  const TensorMapSpec &spec = *map.source->spec;
  static const uint32_t steps[5] = {1, 1, 1, 1, 1};
  void *address = reinterpret_cast<void *>(values[node.firstValue + spec.operand]);
  if (program.driver.cuTensorMapEncodeTiled(
          error, &encoded[node.firstMap + index], mapType(spec.type), static_cast<uint32_t>(map.sizes.size()), address,
          map.sizes.data(), map.strides.data(), spec.box.data(), steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
          mapSwizzle(spec.swizzle), CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE))
    return true;
  error.message = "kernel '" + node.kernel->spec->symbol + "', tensor map " + std::to_string(index) + " of operand " +
                  std::to_string(spec.operand) +
                  " (its address and strides must be multiples of 16 bytes): " + error.message;
  return false;
}

bool CudaPlan::update(Node &node, const Addresses &addresses, bool &changed, Error &error) {
  const std::vector<OperandSpec> &operands = program.dispatches[node.dispatch].spec->operands;
  auto set = [&](size_t index, uint64_t value) {
    bool differs = values[node.firstValue + index] != value;
    values[node.firstValue + index] = value;
    changed |= differs;
    return differs;
  };
  uint64_t moved = 0; // bits of the first operands
  for (size_t o = 0; o < operands.size(); ++o)
    if (set(o, addressOf(operands[o], addresses)))
      moved |= uint64_t(1) << std::min<size_t>(o, 63);
  set(operands.size() + 1, node.scratchBytes ? addresses.arena + node.scratchOffset : 0);
  set(operands.size() + 2,
      addresses.status + node.dispatch * program.statusesPerDispatch() * sizeof(ReckonKernelStatus));
  for (size_t m = 0; m < node.kernel->maps.size(); ++m) {
    size_t operand = maps[node.firstMap + m].source->spec->operand;
    if ((moved >> std::min<size_t>(operand, 63) & 1) && !encode(node, m, error))
      return false;
  }
  return true;
}

bool CudaPlan::updateAll(const Addresses &addresses, bool allChanged, bool inPlace, Error &error) {
  // Also when there is no memory for the reason of a failure.
  struct Forget {
    CudaPlan *plan;
    ~Forget() {
      if (plan)
        plan->forgetAddresses();
    }
  } forget{this};
  for (Node &node : nodes) {
    bool changed = allChanged;
    if (!update(node, addresses, changed, error) ||
        (inPlace && changed &&
         !program.driver.cuGraphExecKernelNodeSetParams(error, own.instance, node.handle, &node.parameters)))
      return false;
  }
  forget.plan = nullptr;
  return true;
}

void CudaPlan::forgetAddresses() {
  own.release();
  for (Node &node : nodes)
    std::fill_n(values.begin() + node.firstValue, program.dispatches[node.dispatch].spec->operands.size(), 0);
}

bool CudaPlan::bind(const Addresses &addresses, const std::vector<int64_t> &newDims, CUstream stream, Error &error) {
  bool sameDims = dims == newDims;
  if ((nodes.empty() && libraryNodes.empty()) ||
      (own.instance && !isStale && sameDims && bound.arena == addresses.arena && bound.status == addresses.status &&
       bound.inputs == addresses.inputs && bound.outputs == addresses.outputs && boundPlaces == addresses.side->places))
    return true;
  std::copy(newDims.begin(), newDims.end(), dims.begin());
  // What a library launches cannot be told of other memory.
  if (!libraryNodes.empty() && (instanceArena != addresses.arena || instancePlaces != addresses.side->places))
    own.release();
  bound = addresses;
  boundPlaces = addresses.side->places;
  if (!updateAll(addresses, !sameDims || isStale, own.instance != nullptr, error))
    return false;
  isStale = false;
  return own.instance || makeGraph(stream, error);
}

//===-- The graph -------------------------------------------------------------===//

bool CudaPlan::addKernel(const Node &node, CUgraph to, const std::vector<CUgraphNode> &after,
                         const std::vector<CUgraphNode> &overlapped, CUgraphNode &handle, Error &error) const {
  const Driver &driver = program.driver;
  const KernelSpec &kernel = *node.kernel->spec;
  bool success = driver.cuGraphAddKernelNode(error, &handle, to, after.data(), after.size(), &node.parameters);
  CUgraphEdgeData edge = {};
  edge.from_port = CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC;
  edge.type = CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC;
  for (const CUgraphNode &earlier : overlapped)
    success = success && driver.cuGraphAddDependencies(error, to, &earlier, &handle, &edge, 1);
  if (success && kernel.cluster > 1) {
    CUlaunchAttributeValue value = {};
    value.clusterDim = {kernel.cluster, 1, 1};
    success = driver.cuGraphKernelNodeSetAttribute(error, handle, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, &value);
  }
  if (!success)
    error.message = "kernel '" + kernel.symbol + "': " + error.message;
  return success;
}

uint64_t CudaPlan::blocksPerProcessor(const Node &node) const {
  const CUDA_KERNEL_NODE_PARAMS &launch = node.parameters;
  return uint64_t(launch.gridDimX) * launch.gridDimY * launch.gridDimZ /
         static_cast<uint64_t>(program.device.properties.multiprocessors);
}

/// A kernel that stays on every multiprocessor and waits there keeps out kernels of other branches. So where there is
/// one with siblings, branches take turns: beside such kernels they would gain little.
bool CudaPlan::isInLine(const GraphEdges &edges) const {
  return std::any_of(nodes.begin(), nodes.end(), [&](const Node &node) {
    return edges.hasSiblings[node.dispatch] && node.staysResident && node.kernel->spec->usesPdl &&
           blocksPerProcessor(node) >= 1;
  });
}

/// Every block pays for its wait, also when there is nothing left to wait for: too much where blocks are many and
/// short.
bool CudaPlan::usesPdl(const Node &node) const {
  return node.kernel->spec->usesPdl && program.driver.cuGraphAddDependencies &&
         (node.staysResident || blocksPerProcessor(node) < maxWaitingBlocks);
}

bool CudaPlan::makeNodes(CUgraph to, CUstream stream, std::vector<CUgraphNode> &handles, Error &error) {
  Stream own(program.driver);
  if (!libraryNodes.empty() && (!own.create(error) || !chooseAlgorithms(stream, own.get(), error)))
    return false;
  std::vector<std::vector<uint32_t>> waits;
  for (const CudaProgram::Dispatch &dispatch : program.dispatches)
    waits.push_back(dispatch.waits);
  std::vector<bool> isLaunched(waits.size()), isKernel(waits.size());
  for (const Node &node : nodes)
    isLaunched[node.dispatch] = isKernel[node.dispatch] = true;
  for (const LibraryNode &node : libraryNodes)
    isLaunched[node.dispatch] = true;
  bool success = true;
  GraphEdges edges = findEdges(waits, isLaunched);
  if (program.driver.cuGraphAddDependencies && isInLine(edges))
    edges = findEdgesInLine(isLaunched);
  handles.assign(waits.size(), nullptr);
  auto node = nodes.begin();
  auto libraryNode = libraryNodes.begin();
  for (uint32_t d = 0; success && d < waits.size(); ++d) {
    if (!isLaunched[d])
      continue;
    // A kernel that has ended has waited for those before it, so what waits for it waits for them, too.
    bool early = isKernel[d] && usesPdl(*node);
    std::vector<CUgraphNode> after, overlapped;
    for (uint32_t earlier : edges.after[d])
      (early && isKernel[earlier] ? overlapped : after).push_back(handles[earlier]);
    if (isKernel[d])
      success = addKernel(*node++, to, after, overlapped, handles[d], error);
    else
      success = addLibraryGraph(*libraryNode++, to, after, own.get(), handles[d], error);
  }
  return success;
}

bool CudaPlan::makeGraph(CUstream stream, Error &error) {
  const Driver &driver = program.driver;
  OutsideCapture outside(driver);
  OwnGraph made(driver);
  std::vector<CUgraphNode> handles;
  if (!driver.cuGraphCreate(error, &made.graph, 0) || !makeNodes(made.graph, stream, handles, error) ||
      !driver.cuGraphInstantiate(error, &made.instance, made.graph, 0) ||
      !driver.cuGraphUpload(error, made.instance, stream))
    return false;
  own.swap(made);
  for (Node &node : nodes)
    node.handle = handles[node.dispatch];
  instanceArena = bound.arena;
  instancePlaces = boundPlaces;
  return true;
}

bool CudaPlan::addTo(const CapturedGraph &callers, const Addresses &addresses, const std::vector<int64_t> &newDims,
                     CUstream stream, CUgraphNode &node, Error &error) {
  node = nullptr;
  if (nodes.empty() && libraryNodes.empty())
    return true;
  std::copy(newDims.begin(), newDims.end(), dims.begin());
  bound = addresses;
  boundPlaces = addresses.side->places;
  isStale = true;
  if (!updateAll(addresses, /*allChanged=*/false, /*inPlace=*/false, error))
    return false;
  const Driver &driver = program.driver;
  OwnGraph run(driver); // the node gets a copy
  std::vector<CUgraphNode> handles;
  return driver.cuGraphCreate(error, &run.graph, 0) && makeNodes(run.graph, stream, handles, error) &&
         driver.cuGraphAddChildGraphNode(error, &node, callers.graph, callers.before, callers.count, run.graph);
}

bool CudaPlan::launch(CUstream stream, Error &error) const {
  return (nodes.empty() && libraryNodes.empty()) || program.driver.cuGraphLaunch(error, own.instance, stream);
}
