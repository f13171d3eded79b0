//===- Cuda/CudaPlan.h - The graph of one combination of sizes ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_CUDAPLAN_H
#define RECKON_RUNTIME_CUDA_CUDAPLAN_H

#include "../GuardedLayout.h"
#include "../Profile.h"
#include "CudaProgram.h"
#include "Dependencies.h"
#include "reckon/Runtime/CudaKernelABI.h"

#include <deque>

namespace reckon::runtime::cuda {

/// Where a run finds its memory.
struct Addresses {
  CUdeviceptr arena = 0;
  CUdeviceptr status = 0; // CudaProgram::statusesPerDispatch() of ReckonKernelStatus a dispatch
  std::vector<CUdeviceptr> inputs, outputs;
  const CudaVersions::Side *side = nullptr; // tables and weights
};

/// Grids, arena offsets and an instantiated graph. The graph holds the addresses it was bound to last: other ones
/// change the parameters of the kernels that use them, in place.
class CudaPlan {
public:
  explicit CudaPlan(const CudaProgram &program) : program(program), own(program.driver) {}
  CudaPlan(const CudaPlan &) = delete;
  CudaPlan &operator=(const CudaPlan &) = delete;

  /// Everything but the graph.
  [[nodiscard]] bool build(const std::vector<int64_t> &dims, Error &error);
  /// What the arena must hold: slots, then the scratch memory of each kernel.
  uint64_t arenaBytes() const { return memoryBytes; }
  /// Of a checked program: where slots and scratch memories lie in the arena, in this order.
  const GuardedLayout &guarded() const { return layout; }
  /// Takes over what another plan for the same sizes has found out about a library's ways to do its products.
  void adoptAlgorithms(const CudaPlan &other);
  /// Makes the graph, or makes it use these addresses and values of dimensions. Nothing happens when it does already.
  [[nodiscard]] bool bind(const Addresses &addresses, const std::vector<int64_t> &dims, CUstream stream, Error &error);
  [[nodiscard]] bool launch(CUstream stream, Error &error) const;
  /// Runs what was bound last to its end, kernel by kernel, and takes the time of each.
  [[nodiscard]] bool launchTimed(CUstream stream, RunProfile &profile, Error &error) const;
  /// A graph that the caller captures, and the nodes that what is captured next comes behind.
  struct CapturedGraph {
    CUgraph graph = nullptr;
    const CUgraphNode *before = nullptr;
    size_t count = 0;
  };
  /// Adds the run with these addresses and values to a graph of the caller's. `node` stands for it;
  /// null when there is nothing to do. The arena must not be in use; `stream` is one that nobody captures.
  [[nodiscard]] bool addTo(const CapturedGraph &callers, const Addresses &addresses, const std::vector<int64_t> &dims,
                           CUstream stream, CUgraphNode &node, Error &error);

private:
  struct Map {
    const CudaProgram::TensorMap *source;
    std::vector<uint64_t> sizes, strides;
  };
  struct Node {
    uint32_t dispatch;
    const CudaProgram::Kernel *kernel;
    uint32_t firstValue;   // into `values`: operands, rows, scratch, status, extents of a checked program
    uint32_t firstMap;     // into `maps` and `encoded`
    uint32_t firstPointer; // into `pointers`
    uint64_t scratchOffset, scratchBytes;
    bool staysResident; // its blocks take more than one share of the work
    CUDA_KERNEL_NODE_PARAMS parameters;
    CUgraphNode handle;
  };

  /// A product that a library does: its launches are a graph of their own inside the graph.
  struct LibraryNode {
    uint32_t dispatch;
    std::unique_ptr<LibraryGemm> gemm;
    const GemmSpec *spec;
    const std::string *library; // its name
    uint64_t workspaceOffset;
    bool chosen;
  };

  [[nodiscard]] bool layOutSlots(const std::vector<int64_t> &dims, Error &error);
  [[nodiscard]] bool findRows(const CudaProgram::Dispatch &dispatch, const std::vector<int64_t> &dims, int64_t &rows,
                              Error &error) const;
  [[nodiscard]] bool passOver(const std::vector<int64_t> &dims, std::vector<bool> &passed, Error &error) const;
  [[nodiscard]] bool addNode(uint32_t dispatch, const std::vector<int64_t> &dims, Error &error);
  [[nodiscard]] bool addLibraryNode(uint32_t dispatch, const CudaProgram::Launch &launch,
                                    const std::vector<int64_t> &dims, bool &added, Error &error);
  [[nodiscard]] bool findGrid(const CudaProgram::Launch &launch, const std::vector<int64_t> &dims, uint64_t (&grid)[3],
                              Error &error) const;
  [[nodiscard]] bool addMaps(const CudaProgram::Kernel &kernel, const std::vector<int64_t> &dims, Error &error);
  [[nodiscard]] bool reserve(uint64_t bytes, uint64_t &offset, Error &error);
  /// Of a checked program: the bytes of each operand and of the scratch memory.
  [[nodiscard]] bool setExtents(const Node &node, const std::vector<int64_t> &dims, Error &error);
  void connectPointers();
  CUdeviceptr addressOf(const OperandSpec &operand, const Addresses &addresses) const;
  [[nodiscard]] bool update(Node &node, const Addresses &addresses, bool &changed, Error &error);
  /// The same for all nodes; with `inPlace` the instance hears of it.
  [[nodiscard]] bool updateAll(const Addresses &addresses, bool allChanged, bool inPlace, Error &error);
  /// After half of the nodes know other addresses: begins again the next time.
  void forgetAddresses();
  [[nodiscard]] bool encode(const Node &node, size_t map, Error &error);
  [[nodiscard]] bool makeGraph(CUstream stream, Error &error);
  uint64_t blocksPerProcessor(const Node &node) const;
  /// Whether a kernel is to start before those that it waits for have ended.
  bool usesPdl(const Node &node) const;
  /// Whether the nodes are to run one after another, in program order.
  bool isInLine(const GraphEdges &edges) const;
  /// The nodes of a graph with the values that they have now, by dispatch.
  [[nodiscard]] bool makeNodes(CUgraph graph, CUstream after, std::vector<CUgraphNode> &handles, Error &error);
  [[nodiscard]] bool chooseAlgorithms(CUstream after, CUstream stream, Error &error);
  /// `overlapped`: kernels whose end the node waits for by itself, but need not to start.
  [[nodiscard]] bool addKernel(const Node &node, CUgraph graph, const std::vector<CUgraphNode> &after,
                               const std::vector<CUgraphNode> &overlapped, CUgraphNode &handle, Error &error) const;
  [[nodiscard]] bool addLibraryGraph(const LibraryNode &node, CUgraph graph, const std::vector<CUgraphNode> &after,
                                     CUstream stream, CUgraphNode &handle, Error &error) const;
  /// The nodes one after another, with an event before the first and behind each; their launches and events.
  [[nodiscard]] bool addTimed(CUgraph graph, CUstream stream, std::deque<Event> &events, RunProfile &profile,
                              Error &error) const;
  GemmAddresses gemmAddresses(const LibraryNode &node) const;

  const CudaProgram &program;
  uint64_t memoryBytes = 0;
  GuardedLayout layout{RECKON_CUDA_ALIGNMENT};
  std::vector<uint64_t> slotOffsets;
  std::vector<Node> nodes;
  std::vector<LibraryNode> libraryNodes;
  std::vector<int64_t> dims; // as the kernels see them
  std::vector<uint64_t> values;
  std::vector<Map> maps;
  std::vector<CUtensorMap> encoded;
  std::vector<void *> pointers;
  Addresses bound;
  uint64_t boundPlaces = 0; // of the side, when it was bound
  OwnGraph own;
  CUdeviceptr instanceArena = 0;
  uint64_t instancePlaces = 0;
  bool isStale = false; // `values` are not those of the instance
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUDAPLAN_H
