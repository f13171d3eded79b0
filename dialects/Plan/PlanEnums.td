//===- PlanEnums.td - The enums of the plan dialect ------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_PLAN_PLANENUMS
#define RECKON_DIALECTS_PLAN_PLANENUMS

include "mlir/IR/EnumAttr.td"

// lib/Packing/WeightPacking.h says what each order is.
def Plan_PackingKind : I32EnumAttr<"PackingKind", "order in which a weight is stored", [
  I32EnumAttrCase<"row_major", 0>, I32EnumAttrCase<"panels", 1>, I32EnumAttrCase<"columns", 2>,
  I32EnumAttrCase<"mma", 3>, I32EnumAttrCase<"wgmma", 4>, I32EnumAttrCase<"dot", 5>]> {
  let cppNamespace = "::reckon::plan";
  let genSpecializedAttr = 0;
}

#endif // RECKON_DIALECTS_PLAN_PLANENUMS
