//===- Numbers.h - Elements as bits and as numbers --------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_NUMBERS_H
#define RECKON_LIB_ENGINE_NUMBERS_H

#include "reckon/Engine/Enums.h"

namespace reckon {

/// IEEE binary16, rounded to nearest even.
uint16_t toHalf(float value);
float fromHalf(uint16_t bits);

/// An element at any address; 64-bit integers beyond 2^53 round.
double readNumber(ElementType type, const void *element);

} // namespace reckon

#endif // RECKON_LIB_ENGINE_NUMBERS_H
