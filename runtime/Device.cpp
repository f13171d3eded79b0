//===- Device.cpp - What runs an engine -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Device.h"
#include "Host/HostDevice.h"

using namespace reckon::runtime;

const Device *reckon::runtime::findDevice(const std::string &name, Error &error) {
  static const HostDevice host;
  if (name == "host")
    return &host;
  if (name == "cuda")
    error.set(RECKON_UNAVAILABLE, "device 'cuda': the CUDA runtime is not part of this build");
  else
    error.set(RECKON_INVALID, "there is no device '" + name + "'; this build has 'host'");
  return nullptr;
}
