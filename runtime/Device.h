//===- Device.h - What runs an engine -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The seam between the C interface and the devices. A Device loads an engine's code into a Program, which is immutable
// and shared by contexts; each context has an Executor of its own. Inputs, outputs and tables are host memory at this
// seam: a device with memory of its own moves them.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_DEVICE_H
#define RECKON_RUNTIME_DEVICE_H

#include "Error.h"
#include "SizeProgram.h"
#include "reckon/Engine/EngineSpec.h"

#include <memory>

namespace reckon::runtime {

/// The rows bound for a table.
struct BoundTable {
  const uint8_t *data = nullptr;
  int64_t rows = 0;
};

/// What a program is made of; outlives it.
struct ProgramSource {
  const EngineSpec &spec;
  const ProgramSpec &program; // the device's own
  const DimIndex &dimIndex;
  const std::vector<BoundTable> &tables;
};

struct ExecutorOptions {
  int threads = 1; // the caller included
  int spinMicroseconds = 100;
};

class Executor {
public:
  virtual ~Executor() = default;

  /// Makes everything ready for these values of the engine's dimensions: sizes, memory, addresses, the split of work.
  /// Takes no memory for values it has seen before.
  [[nodiscard]] virtual bool prepare(const std::vector<int64_t> &dims, Error &error) = 0;
  /// Runs what was prepared last. One address per engine input and output, never null.
  [[nodiscard]] virtual bool run(const std::vector<const void *> &inputs, const std::vector<void *> &outputs,
                                 Error &error) = 0;
};

class Program {
public:
  virtual ~Program() = default;
  /// Thread-safe.
  virtual std::unique_ptr<Executor> createExecutor(const ExecutorOptions &options, Error &error) const = 0;
};

class Device {
public:
  virtual ~Device() = default;
  virtual std::unique_ptr<Program> load(const ProgramSource &source, Error &error) const = 0;
};

/// The device called `name`, a RECKON_UNAVAILABLE error when this build or machine has none.
const Device *findDevice(const std::string &name, Error &error);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_DEVICE_H
