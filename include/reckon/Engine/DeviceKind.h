//===- DeviceKind.h - The kinds of devices -----------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The one spelling of the names of devices. A leaf: C++ standard library only.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_DEVICEKIND_H
#define RECKON_ENGINE_DEVICEKIND_H

#include "reckon/Engine/Enums.h"

#include <optional>
#include <string_view>

namespace reckon {

#define RECKON_DEVICE_KINDS(X)                                                                                         \
  X(Host, host, "host")                                                                                                \
  X(Cuda, cuda, "cuda")
RECKON_ENUM(DeviceKind, RECKON_DEVICE_KINDS)

inline constexpr DeviceKind allDeviceKinds[] = {DeviceKind::Host, DeviceKind::Cuda};

constexpr const char *deviceName(DeviceKind device) { return enumName(device); }

constexpr std::optional<DeviceKind> parseDevice(std::string_view name) {
  for (DeviceKind device : allDeviceKinds)
    if (name == deviceName(device))
      return device;
  return std::nullopt;
}

} // namespace reckon

#endif // RECKON_ENGINE_DEVICEKIND_H
