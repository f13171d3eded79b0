//===- Ptx.h - Short names for what kernels are written in --------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Hand-written kernels (tensor-core linear layers and the like) are mostly address arithmetic. Here are the integer
// operations, structured control flow, memory accesses and inline PTX they need, over arith, scf and the LLVM dialect.
// Integers are 32 bits inside a tile and 64 bits in addresses; everything is unsigned.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_PTX_H
#define RECKON_LIB_CODEGEN_NVPTX_PTX_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>

namespace reckon::nvptx {

using mlir::Value;
using Values = llvm::SmallVector<Value>;

class Ptx {
public:
  explicit Ptx(mlir::ImplicitLocOpBuilder &b) : b(b) {}

  //===--- Numbers ---===//
  Value i32(int64_t value);
  Value i64(int64_t value);
  Value f32(double value);
  Value like(Value x, int64_t value); ///< a constant of x's type
  Value add(Value x, Value y);
  Value add(Value x, int64_t y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value mul(Value x, int64_t y);
  Value div(Value x, int64_t y);
  Value rem(Value x, int64_t y);
  Value bitAnd(Value x, int64_t y);
  Value bitAnd(Value x, Value y);
  Value bitOr(Value x, Value y);
  Value bitXor(Value x, Value y);
  Value shl(Value x, int64_t y);
  Value shr(Value x, int64_t y);
  Value min(Value x, Value y);
  Value select(Value condition, Value x, Value y);
  Value compare(mlir::arith::CmpIPredicate predicate, Value x, Value y);
  Value lt(Value x, Value y) { return compare(mlir::arith::CmpIPredicate::ult, x, y); }
  Value eq(Value x, int64_t y) { return compare(mlir::arith::CmpIPredicate::eq, x, like(x, y)); }
  Value both(Value x, Value y); ///< of conditions
  Value wide(Value x);          ///< i32 to i64
  Value narrow(Value x);        ///< i64 to i32
  Value bits(mlir::Type type, Value x);
  Value fma(Value x, Value y, Value z);
  Value addf(Value x, Value y);

  //===--- Threads ---===//
  Value thread();
  Value block(unsigned dimension = 0);
  Value blocks(unsigned dimension = 0);
  void barrier();
  Value shuffleXor(Value x, int64_t mask);

  //===--- Control flow ---===//
  void ifThen(Value condition, llvm::function_ref<void()> then);
  void ifElse(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);
  Values choose(Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise);
  Values loop(Value begin, Value end, Value step, mlir::ValueRange init,
              llvm::function_ref<Values(Value, mlir::ValueRange)> body);
  void loop(Value begin, Value end, Value step, llvm::function_ref<void(Value)> body);

  //===--- Memory ---===//
  /// `bytes` is i32 or i64; the result points into the same address space.
  Value at(Value pointer, Value bytes);
  Value at(Value pointer, int64_t bytes);
  /// `constant`: the kernel does not write it.
  Value load(mlir::Type type, Value pointer, unsigned alignment, bool constant = false);
  void store(Value value, Value pointer, unsigned alignment);
  /// The 32-bit words of a vector load of 4, 8 or 16 bytes.
  Values loadWords(Value pointer, unsigned words, bool constant = false);
  void storeWords(llvm::ArrayRef<Value> words, Value pointer);
  /// The address inline PTX wants of a pointer to shared memory.
  Value sharedAddress(Value pointer);
  mlir::Type pointerType(unsigned addressSpace);

  //===--- Inline PTX ---===//
  /// Operands are $0..: the results, then the operands. `constraints` has one letter an entry: results, then operands.
  /// Results are as many as `results`. Assembly with side effects keeps its order.
  Values inlinePtx(mlir::TypeRange results, llvm::StringRef text, llvm::StringRef constraints,
                   mlir::ValueRange operands, bool sideEffects = true);

  mlir::ImplicitLocOpBuilder &b;
};

/// An element of 16 bits or fewer in a 32-bit word, low half first, as f32; and two f32 rounded into one word.
Value unpackHalf(Ptx &p, Value word, unsigned half, mlir::Type elementType);
Value packHalves(Ptx &p, Value low, Value high, mlir::Type elementType);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_PTX_H
