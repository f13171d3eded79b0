//===- MachinePeaks.h - What a machine can do at best ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_MACHINEPEAKS_H
#define RECKON_TOOLS_SUPPORT_MACHINEPEAKS_H

#include <cstdint>
#include <string>
#include <vector>

namespace reckon::tools {

/// The rates that no kernel can exceed, and so the least time for what it has to do.
struct MachinePeaks {
  struct Bandwidth {
    double bytes;     // of a working set up to this size
    double perSecond; // bytes
  };
  std::vector<Bandwidth> bandwidths; // by growing size, the last one for all above
  double flopsPerSecond = 0;
  std::string source; // where they come from, for people

  /// Microseconds; 0 for what is not known (negative).
  double transferFloor(int64_t bytes) const;
  double arithmeticFloor(int64_t flops) const;

  /// Measures the CPUs of this machine: `threads` of them read memory of several sizes, and multiply and add in single
  /// precision. 0: all. About half a second.
  static MachinePeaks ofHost(int threads);
  /// Computes those of a GPU, for products of halves: from its clocks, bus and multiprocessors. False with the reason
  /// in `error` when there is no such device.
  static bool ofDevice(const std::string &device, MachinePeaks &peaks, std::string &error);
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_MACHINEPEAKS_H
