//===- AppendTopK.h - What a top-k is asked for with ----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_NORMALIZE_APPENDTOPK_H
#define RECKON_PASSES_NORMALIZE_APPENDTOPK_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace reckon {

struct TopKRequest {
  int64_t k;
  std::string output; // empty: the only one
};

/// "K" or "K:OUTPUT"; an output's name may have colons in it. nullopt for other texts.
std::optional<TopKRequest> parseTopKRequest(llvm::StringRef text);

/// The option as it was given, which is where errors of the pass are.
std::string getTopKOption(llvm::StringRef request);

} // namespace reckon

#endif // RECKON_PASSES_NORMALIZE_APPENDTOPK_H
