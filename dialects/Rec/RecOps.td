//===- RecOps.td - All ops of the rec dialect, by family -------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECOPS
#define RECKON_DIALECTS_REC_RECOPS

include "dialects/Rec/RecStructureOps.td"
include "dialects/Rec/RecLookupOps.td"
include "dialects/Rec/RecDenseOps.td"
include "dialects/Rec/RecElementwiseOps.td"
include "dialects/Rec/RecShapeOps.td"
include "dialects/Rec/RecReductionOps.td"

#endif // RECKON_DIALECTS_REC_RECOPS
