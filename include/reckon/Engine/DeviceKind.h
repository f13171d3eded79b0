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

#include <cstdint>
#include <optional>
#include <string_view>

namespace reckon {

/// In the order of the schema.
enum class DeviceKind : uint8_t { Host, Cuda };

inline constexpr DeviceKind allDeviceKinds[] = {DeviceKind::Host, DeviceKind::Cuda};

constexpr const char *deviceName(DeviceKind device) {
  switch (device) {
  case DeviceKind::Host:
    return "host";
  case DeviceKind::Cuda:
    return "cuda";
  }
  return "";
}

constexpr std::optional<DeviceKind> parseDevice(std::string_view name) {
  for (DeviceKind device : allDeviceKinds)
    if (name == deviceName(device))
      return device;
  return std::nullopt;
}

} // namespace reckon

#endif // RECKON_ENGINE_DEVICEKIND_H
