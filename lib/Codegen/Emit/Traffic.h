//===- Traffic.h - The bytes that a dispatch moves -------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_EMIT_TRAFFIC_H
#define RECKON_LIB_CODEGEN_EMIT_TRAFFIC_H

#include "dialects/Plan/Plan.h"

namespace reckon {

/// The bytes that the dispatch cannot but read and write, in the named dimensions: each operand once, of tables and of
/// what is gathered from the rows that are picked. 0 where a size has no name.
SizeExpr getTraffic(plan::DispatchOp dispatch);

} // namespace reckon

#endif // RECKON_LIB_CODEGEN_EMIT_TRAFFIC_H
