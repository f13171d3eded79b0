//===- RegionLimits.h - How much one kernel holds -----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_COMMON_REGIONLIMITS_H
#define RECKON_PASSES_COMMON_REGIONLIMITS_H

namespace reckon {

/// As many lookups as one region, and so one kernel, holds: their code is straight, and the time to compile a function
/// grows faster than its length.
inline constexpr unsigned maxLookups = 64;

} // namespace reckon

#endif // RECKON_PASSES_COMMON_REGIONLIMITS_H
