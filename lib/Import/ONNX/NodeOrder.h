//===- NodeOrder.h - Nodes after those that they use ------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_IMPORT_ONNX_NODEORDER_H
#define RECKON_LIB_IMPORT_ONNX_NODEORDER_H

#include "llvm/ADT/SmallVector.h"

#include <onnx/onnx_pb.h>

namespace reckon::importer {

/// The nodes of a graph in an order in which each comes after those whose outputs it or its subgraphs use. ONNX asks
/// for such an order, but optimisers leave others. Nodes that are in order keep it; with a cycle among them all do.
llvm::SmallVector<const onnx::NodeProto *> orderNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes);

} // namespace reckon::importer

#endif // RECKON_LIB_IMPORT_ONNX_NODEORDER_H
