//===- Host/CpuFeatures.h - What this CPU can do --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_HOST_CPUFEATURES_H
#define RECKON_RUNTIME_HOST_CPUFEATURES_H

#include "../Error.h"

#include <vector>

namespace reckon::runtime {

/// Whether this CPU, and the system on it, has every one of `features` ("avx2", "avx512vnni", ...). Names the missing
/// ones otherwise.
[[nodiscard]] bool checkCpuFeatures(const std::vector<std::string> &features, Error &error);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HOST_CPUFEATURES_H
