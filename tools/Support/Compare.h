//===- Compare.h - How far two tensors are apart --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_COMPARE_H
#define RECKON_TOOLS_SUPPORT_COMPARE_H

#include "HostTensor.h"

namespace reckon::tools {

struct Comparison {
  bool equal = true;
  double maxAbsolute = 0, maxRelative = 0; // infinite where only one side is a number
  uint64_t mismatches = 0;
  std::string detail; // the worst element, or why nothing could be compared
};

/// Floats match when |got - want| <= atol + rtol * |want|, and when both are NaN or the same infinity. Everything else
/// must be equal, and so must type and shape.
Comparison compareTensors(ReckonElementType type, const std::vector<int64_t> &shape, const void *data,
                          const HostTensor &want, double atol, double rtol);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_COMPARE_H
