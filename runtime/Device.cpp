//===- Device.cpp - What runs an engine -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Device.h"
#include "Cuda/CudaDevice.h"
#include "Host/HostDevice.h"

using namespace reckon;
using namespace reckon::runtime;

static bool refuse(Error &error) {
  return error.set(RECKON_INVALID, "device 'host' has no memory and no streams of its own");
}

bool Executor::runAsync(const std::vector<Binding> &, const std::vector<Binding> &, const Snapshot &, void *,
                        Error &error) {
  return refuse(error);
}
bool Executor::synchronize(const RunControl &, Error &error) { return refuse(error); }
bool Executor::setProfiling(bool, Error &error) { return refuse(error); }
bool Program::write(VersionStep &, Error &) const { return true; }

std::vector<bool> ProgramSource::findWeights() const {
  std::vector<bool> found(spec.weights.size());
  for (const ChainSpec &chain : program.chains)
    for (const DispatchSpec &dispatch : chain.dispatches)
      for (const OperandSpec &operand : dispatch.operands)
        if (operand.space == Space::Weight)
          found[operand.index] = true;
  return found;
}

/// "cuda" and "cuda:N"; -1 for anything else.
static int cudaOrdinal(const std::string &name) {
  std::string prefix = deviceName(DeviceKind::Cuda);
  if (name == prefix)
    return 0;
  prefix += ':';
  if (name.compare(0, prefix.size(), prefix) != 0 || name.size() == prefix.size() || name.size() > prefix.size() + 4)
    return -1;
  int ordinal = 0;
  for (char c : name.substr(prefix.size())) {
    if (c < '0' || c > '9')
      return -1;
    ordinal = ordinal * 10 + (c - '0');
  }
  return ordinal;
}

const Device *reckon::runtime::findDevice(const std::string &name, Error &error) {
  static const HostDevice host;
  if (parseDevice(name) == DeviceKind::Host)
    return &host;
  int ordinal = cudaOrdinal(name);
  if (ordinal >= 0)
    return cuda::CudaDevice::find(ordinal, error);
  error.set(RECKON_INVALID, "there is no device '" + name + "'; expected 'host', 'cuda' or 'cuda:N'");
  return nullptr;
}
