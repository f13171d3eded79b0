//===- Cuda/CudaVersions.h - Versions of rows and weights on a GPU --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The two sides of Versions.h in device memory: even versions lie on the first, odd ones on the second. A table is in
// memory once, on both sides, until a version changes it; so are the weights. What is written waits on the device for
// the runs that have read that side, by the events that their executors record.
//
// Graphs that a caller captured go on reading what they were captured with: such memory is never written again, and the
// next version that changes it gets memory of its own. So it is with memory that several processes have together.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_CUDAVERSIONS_H
#define RECKON_RUNTIME_CUDA_CUDAVERSIONS_H

#include "../Changes.h"
#include "RowKernel.h"
#include "Staging.h"

#include <mutex>
#include <optional>

namespace reckon::runtime::cuda {

class CudaVersions {
public:
  explicit CudaVersions(const CudaDevice &device);
  /// While the context is current.
  void release();

  using Memory = std::shared_ptr<DeviceBuffer>;
  /// Before anything is run, all tables in order and the weights; 0 for a weight that the program does not read. Both
  /// sides are of the version then.
  void addTable(const Memory &memory);
  void setWeights(const Memory &memory, const std::vector<std::optional<uint64_t>> &offsets, uint64_t version);

  /// Where a version's rows and weights are.
  struct Side {
    uint64_t places = 0; // differs between any two sides, and when something has moved
    std::vector<CUdeviceptr> tables, weights;
  };
  /// It stays as it is while a run has the version pinned.
  const Side &side(uint64_t version) const { return sides[version % 2].places; }
  /// Keeps what the version has in memory as it is, for as long as the result lives.
  std::vector<std::shared_ptr<const void>> hold(uint64_t version) const;

  /// Of one executor: recorded behind its last run that has read a side and that nobody has waited for.
  struct Reader {
    explicit Reader(const Driver &driver) : done{Event(driver), Event(driver)} {}
    Event done[2];
  };
  void add(const Reader &reader);
  void remove(const Reader &reader);

  /// Program::write(), while the context is current.
  [[nodiscard]] bool write(const EngineSpec &spec, VersionStep &step, Error &error);

private:
  /// A side with the memory that it is in: of each table, then of all weights.
  struct OwnSide {
    Side places;
    std::vector<Memory> memory;
  };
  /// A step on its way.
  struct Work {
    const EngineSpec &spec;
    const VersionStep &step;
    OwnSide &side;
    const OwnSide &newest;
    bool isWhole; // the side has all but what the step names
  };
  [[nodiscard]] bool waitForReaders(size_t side, uint64_t &nanoseconds, Error &error);
  /// Makes a part, a table or the weights, what it is in the newest version, in memory of its own if it changes now.
  [[nodiscard]] bool catchUp(const Work &work, size_t part, Error &error);
  [[nodiscard]] bool replace(const Work &work, size_t part, Error &error);
  void moved(OwnSide &side, size_t part);
  [[nodiscard]] bool catchUpWith(const Work &work, const Change &change, Error &error);
  [[nodiscard]] bool upload(const Work &work, const Change &change, Error &error);
  [[nodiscard]] bool uploadRows(const Work &work, const Change &change, Error &error);
  [[nodiscard]] bool copy(CUdeviceptr to, const uint8_t *from, uint64_t bytes, Error &error);
  [[nodiscard]] bool reserve(uint64_t bytes, Error &error);

  size_t numTables() const { return sides[0].places.tables.size(); }
  size_t partOf(const Change &change) const { return change.kind == ChangeKind::Weight ? numTables() : change.index; }

  const CudaDevice &device;
  const Driver &driver;
  OwnSide sides[2];
  std::vector<std::optional<uint64_t>> weightOffsets;
  uint64_t places = 1;
  /// The version that was written last, and to its end; the other side has the one before.
  std::optional<uint64_t> written;
  Stream stream;
  Staging staging;
  RowKernel rowKernel;
  DeviceBuffer scratch; // ids, then rows
  std::mutex mutex;     // of what follows
  std::vector<const Reader *> readers;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUDAVERSIONS_H
