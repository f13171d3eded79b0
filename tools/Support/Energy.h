//===- Energy.h - What a run costs in joules ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_ENERGY_H
#define RECKON_TOOLS_SUPPORT_ENERGY_H

#include "ArgParser.h"
#include "InputMaker.h"
#include "reckon/Runtime/Runtime.hpp"

#include <memory>

namespace reckon::tools {

/// A counter of energy that only grows.
class EnergyMeter {
public:
  virtual ~EnergyMeter() = default;
  /// Joules since some time in the past; false when they cannot be read.
  virtual bool read(double &joules) = 0;
  /// What is counted, for people.
  virtual std::string what() const = 0;

  /// The CPU packages by RAPL, read below `folder`. Null with the reason in `why`.
  static std::unique_ptr<EnergyMeter> ofHost(std::string &why, const std::string &folder = "/sys/class/powercap");
  /// A GPU by NVML, the library at `path`. Null with the reason in `why`.
  static std::unique_ptr<EnergyMeter> ofGpu(unsigned ordinal, std::string &why, const char *path = "libnvidia-ml.so.1");
};

/// --energy.
class EnergyCommand {
public:
  void declare(ArgParser &args);
  /// Runs the batch for a while and prints joules a sample, or why there are none. The exit code of a run that fails,
  /// with the reason in `error`.
  int add(const std::string &device, const InputMaker &maker, const InputOptions &inputs, runtime::Context &context,
          std::string &error) const;

private:
  bool isWanted = false;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_ENERGY_H
