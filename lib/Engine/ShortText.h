//===- ShortText.h - Messages that stay readable ----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Messages name what a file calls its nodes, tensors and dimensions, and a file may call them anything. Whoever shows a
// message passes it through here. A leaf: C++ standard library only.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_SHORTTEXT_H
#define RECKON_ENGINE_SHORTTEXT_H

#include <string>

namespace reckon {

/// The message with the middle left out of every quoted name, and every word, of more than 120 characters.
std::string shortenNames(const std::string &message);

} // namespace reckon

#endif // RECKON_ENGINE_SHORTTEXT_H
