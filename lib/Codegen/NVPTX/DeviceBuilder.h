//===- DeviceBuilder.h - What kernels are written with -----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The integer operations, structured control flow and memory accesses of kernels, over arith, scf and the LLVM dialect.
// Constants are folded on the way, so that what is known when the kernel is emitted costs nothing in it. Integers are
// i32 inside a tile and i64 in addresses, unsigned unless said; offsets are bytes. What a GPU alone has, barriers,
// copies and tensor cores, is in Instructions.h.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_DEVICEBUILDER_H
#define RECKON_LIB_CODEGEN_NVPTX_DEVICEBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace reckon::nvptx {

using mlir::Value;
using Values = llvm::SmallVector<Value>;

class DeviceBuilder : public mlir::ImplicitLocOpBuilder {
public:
  explicit DeviceBuilder(const mlir::ImplicitLocOpBuilder &b) : ImplicitLocOpBuilder(b) {}

  //===--- Numbers ---===//
  Value i32(int64_t value);
  Value i64(int64_t value);
  Value f32(double value);
  Value boolean(bool value);
  Value like(Value x, int64_t value); ///< a constant of x's type
  Value add(Value a, Value b);
  Value add(Value a, int64_t b);
  Value sub(Value a, Value b);
  Value mul(Value a, int64_t b);
  Value mul(Value a, Value b);
  Value divU(Value a, int64_t b);
  Value remU(Value a, int64_t b);
  Value bitAnd(Value a, int64_t b);
  Value bitAnd(Value a, Value b);
  Value bitOr(Value a, Value b);
  Value bitXor(Value a, Value b);
  Value shiftLeft(Value a, int64_t b);
  Value shiftRight(Value a, int64_t b);
  Value min(Value a, Value b);
  Value both(Value a, Value b);   ///< of i1
  Value either(Value a, Value b); ///< of i1
  Value negate(Value a);          ///< of i1
  Value compare(mlir::arith::CmpIPredicate predicate, Value a, Value b);
  Value equal(Value a, int64_t b);
  Value lessU(Value a, Value b);
  Value lessS(Value a, Value b);
  Value select(Value condition, Value a, Value b);
  Value widen(Value a);  ///< i32 to i64, unsigned
  Value narrow(Value a); ///< i64 to i32
  Value bitcast(mlir::Type type, Value a);
  Value fma(Value a, Value b, Value c);
  Value addf(Value a, Value b);
  Value exp2(Value a);             ///< of f32, by the instruction: about 22 bits
  Value reciprocal(Value a);       ///< of f32, by the instruction: about 23 bits
  Value maximum(Value a, Value b); ///< of f32; no number if one is none
  std::optional<int64_t> constantOf(Value a);

  //===--- Threads ---===//
  Value thread();
  Value block(unsigned dimension = 0);
  Value blocks(unsigned dimension = 0);
  void barrier();
  /// The value (32 or 64 bits: integer, f32, pointer) of a lane of the same warp; all lanes take part.
  Value shuffle(Value value, Value lane);
  Value shuffleXor(Value value, int64_t mask);

  //===--- Memory ---===//
  /// `pointer` moved by bytes; an i32 offset is widened unsigned unless the pointer is a shared one.
  Value at(Value pointer, Value bytes);
  Value at(Value pointer, int64_t bytes);
  /// `constant`: memory that the kernel does not write.
  Value load(mlir::Type type, Value pointer, unsigned alignment, bool constant = false);
  Value loadInvariant(mlir::Type type, Value pointer, unsigned alignment) {
    return load(type, pointer, alignment, true);
  }
  void store(Value value, Value pointer, unsigned alignment);
  /// The 32-bit words of a vector load of 4, 8 or 16 bytes.
  Values loadWords(Value pointer, unsigned words, bool constant = false);
  void storeWords(llvm::ArrayRef<Value> words, Value pointer);
  /// Shared memory by its 32-bit address.
  Value sharedAddress(Value pointer);
  Value sharedPointer(Value address);

  //===--- Control ---===//
  void ifThen(Value condition, llvm::function_ref<void()> then);
  void ifThenElse(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);
  Values ifElse(Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise);
  using LoopBody = llvm::function_ref<Values(Value, mlir::ValueRange)>;
  /// Counts from `begin` to before `end`; the body gives the next values of what it carries.
  Values loop(Value begin, Value end, Value step, mlir::ValueRange carried, LoopBody body);
  void loop(Value begin, Value end, Value step, llvm::function_ref<void(Value)> body);

  //===--- Element types ---===//
  /// The f32 values of a vector (or scalar) of f32, f16 or bf16 given as raw 32-bit words or one 16-bit word.
  Values unpack(Value raw, mlir::Type elementType);
  /// Back: elements as an integer or vector of words of the bytes they take together.
  Value pack(llvm::ArrayRef<Value> values, mlir::Type elementType);
  /// i16, i32, or a vector of 2 or 4 i32: what `bytes` raw bytes are in registers.
  mlir::Type rawType(unsigned bytes);
  Values words(Value raw);
  /// An element of 16 bits in a 32-bit word, low half first, as f32.
  Value unpackHalf(Value word, unsigned half, mlir::Type elementType);
};

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_DEVICEBUILDER_H
