//===- Passes.td - Passes that belong to no phase ---------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_COMMON_PASSES
#define RECKON_PASSES_COMMON_PASSES

include "mlir/Pass/PassBase.td"

def VerifyAttributeNames : Pass<"rec-verify-attribute-names"> {
  let summary = "Check that every attribute is declared or belongs to a dialect by its name";
  let description = [{
    An attribute that an op does not declare begins with the name of a dialect and a dot, so that no two passes mean different
    things by one name, and the dialect can verify it. Every phase ends with this pass.

    Example: test/passes/Common/verify-attribute-names.mlir
  }];
}

#endif // RECKON_PASSES_COMMON_PASSES
