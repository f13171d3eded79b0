//===- Device.h - What runs an engine -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The seam between the C interface and the devices. A Device loads an engine's code into a Program, which is immutable
// and shared by contexts; each context has an Executor of its own. Tables are host memory at this seam, inputs and
// outputs may be; a device with memory of its own moves them.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_DEVICE_H
#define RECKON_RUNTIME_DEVICE_H

#include "Error.h"
#include "Profile.h"
#include "RunControl.h"
#include "SizeProgram.h"
#include "Snapshot.h"
#include "reckon/Engine/EngineSpec.h"

#include <functional>
#include <memory>

namespace reckon::runtime {

/// The rows bound for a table.
struct BoundTable {
  const uint8_t *data = nullptr; // null for rows that are yet to be made up from `seed`
  int64_t rows = 0;
  uint64_t seed = 0;
};

/// The memory of an input or an output for one run.
struct Binding {
  void *data = nullptr; // never null
  size_t bytes = 0;
  bool onDevice = false;
};

/// How a device with memory of its own has an engine's tables.
struct TableSharing {
  ReckonDeviceTables how = RECKON_DEVICE_TABLES_OWN;
  std::string name;    // differs between rows that differ
  std::string refusal; // why there is no name
};

/// What a program is made of; outlives it.
struct ProgramSource {
  const EngineSpec &spec;
  const ProgramSpec &program; // the device's own
  const DimIndex &dimIndex;
  const std::vector<BoundTable> &tables;
  const TableSharing *sharing = nullptr; // null: the tables are the program's own
  /// Whoever copies rows calls it before, unless there is none: the copy is read without anybody else's looking at it.
  std::function<bool(Error &)> checkRows = {};

  /// Which of the engine's weights the program reads; others are of other programs.
  std::vector<bool> findWeights() const;
};

class ThreadPool;
struct VersionStep;

struct ExecutorOptions {
  int threads = 1;            // the caller included
  ThreadPool *pool = nullptr; // where the others come from; outlives the executor. Null: there are no others
  int spinMicroseconds = 100;
  size_t graphCache = 16; // graphs that a device with graphs keeps
};

class Executor {
public:
  virtual ~Executor() = default;

  /// Makes everything ready for these values of the engine's dimensions: sizes, memory, addresses, the split of work.
  /// Takes no memory for values it has seen before.
  [[nodiscard]] virtual bool prepare(const std::vector<int64_t> &dims, Error &error) = 0;
  /// Runs what was prepared last, to its end or until `control` ends it. One binding per engine input and output.
  /// Rows and weights are the snapshot's, or those that a device has of its version.
  [[nodiscard]] virtual bool run(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                                 const Snapshot &snapshot, const RunControl &control, Error &error) = 0;

  /// The same, with the time of each part; slower for it.
  [[nodiscard]] virtual bool profile(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                                     const Snapshot &snapshot, const RunControl &control, RunProfile &profile,
                                     Error &error) = 0;

  /// The rest is for devices with memory of their own; others refuse.
  virtual bool hasOwnMemory() const { return false; }
  /// Enqueues what was prepared last on a stream of the device; every binding is on the device. The snapshot's version
  /// stays until the run has ended.
  [[nodiscard]] virtual bool runAsync(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                                      const Snapshot &snapshot, void *stream, Error &error);
  /// Waits for the runs enqueued so far, or until `control` ends the wait; the first failure among them.
  [[nodiscard]] virtual bool synchronize(const RunControl &control, Error &error);
  [[nodiscard]] virtual bool setProfiling(bool on, Error &error);
  virtual ReckonRunTimes times() const { return {}; }
};

class Program {
public:
  virtual ~Program() = default;
  /// Thread-safe.
  virtual std::unique_ptr<Executor> createExecutor(const ExecutorOptions &options, Error &error) const = 0;
  /// Where programs have rows and weights of their own: makes them ready for runs of the version, and waits for those
  /// that still read what is written. When it fails, what runs read is as it was, and so it may be tried again. One
  /// call at a time.
  [[nodiscard]] virtual bool write(VersionStep &step, Error &error) const;
};

/// Host memory that a device copies from and to as fast as it can, until it is destroyed.
class HostBlock {
public:
  virtual ~HostBlock() = default;
  virtual void *data() const = 0;
};

class Device {
public:
  virtual ~Device() = default;
  /// Which of the engine's programs it runs.
  virtual DeviceKind kind() const = 0;
  /// The engine's program that suits the device best; null with the error set when none runs on it.
  virtual const ProgramSpec *choose(const EngineSpec &spec, Error &error) const = 0;
  /// Whether load() makes up the rows of tables that have no data.
  virtual bool makesUpTables() const { return false; }
  /// Rows and weights of a program's own begin as the snapshot's, which may leave out what the source has.
  virtual std::unique_ptr<Program> load(const ProgramSource &source, const Snapshot &snapshot, Error &error) const = 0;
  virtual std::unique_ptr<HostBlock> allocateHost(size_t bytes, Error &error) const = 0;
  /// The caller's own memory, at least one byte.
  virtual std::unique_ptr<HostBlock> registerHost(void *data, size_t bytes, Error &error) const = 0;
};

/// The device called "host", "cuda" or "cuda:N"; the same object for all names of one device. Null with a
/// RECKON_UNAVAILABLE error that says what is missing when this machine has none.
const Device *findDevice(const std::string &name, Error &error);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_DEVICE_H
