//===- RepeatCondition.h - When numpy repeats a size ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_REPEATCONDITION_H
#define RECKON_DIALECTS_REC_REPEATCONDITION_H

#include "dialects/Rec/SizeRequirements.h"

namespace reckon::rec {

/// That numpy's broadcasting repeats a size, which is 1 at run time or what comes out.
SizeCondition getRepeatCondition(const SizeExpr &size, const SizeExpr &result);

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_REPEATCONDITION_H
