//===- DeviceBuilder.h - Short words for device code -------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Kernels written by hand say much about addresses and lanes. This builder folds constants as it goes, so that what is
// known when the kernel is emitted costs nothing in it. Integers are i32 or i64; offsets are bytes.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_DEVICEBUILDER_H
#define RECKON_LIB_CODEGEN_NVPTX_DEVICEBUILDER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace reckon::nvptx {

class DeviceBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  explicit DeviceBuilder(const mlir::ImplicitLocOpBuilder &b) : ImplicitLocOpBuilder(b) {}

  //===--- Numbers ---===//
  Value i32(int64_t value);
  Value i64(int64_t value);
  Value f32(double value);
  Value boolean(bool value);
  Value add(Value a, Value b);
  Value add(Value a, int64_t b);
  Value sub(Value a, Value b);
  Value mul(Value a, int64_t b);
  Value mul(Value a, Value b);
  Value divU(Value a, int64_t b);
  Value remU(Value a, int64_t b);
  Value bitAnd(Value a, int64_t b);
  Value shiftRight(Value a, int64_t b);
  Value both(Value a, Value b);   ///< of i1
  Value either(Value a, Value b); ///< of i1
  Value negate(Value a);          ///< of i1
  Value equal(Value a, int64_t b);
  Value lessU(Value a, Value b);
  Value lessS(Value a, Value b);
  Value select(Value condition, Value a, Value b);
  Value widen(Value a);  ///< i32 to i64, unsigned
  Value narrow(Value a); ///< i64 to i32
  std::optional<int64_t> constantOf(Value a);

  //===--- Memory ---===//
  /// `pointer` moved by bytes; an i32 offset is widened unsigned unless the pointer is a shared one.
  Value at(Value pointer, Value bytes);
  Value at(Value pointer, int64_t bytes);
  /// A load of memory that the kernel does not write.
  Value loadInvariant(mlir::Type type, Value pointer, unsigned alignment);
  Value load(mlir::Type type, Value pointer, unsigned alignment);
  void store(Value value, Value pointer, unsigned alignment);
  /// Shared memory by its 32-bit address: what tensor-core loads and asynchronous copies take.
  Value sharedAddress(Value pointer);
  Value sharedPointer(Value address);
  /// 16 bytes from global to shared memory (a 32-bit address), completed by waitCopies().
  void copyAsync16(Value shared, Value global);
  void commitCopies();
  /// Until all committed copies of this thread are done.
  void waitCopies();

  //===--- Tensor cores ---===//
  /// Four 8x8 blocks of 16-bit elements; lane 8i+r gives the address (32 bits) of row r of block i.
  llvm::SmallVector<Value> loadMatrix(Value address);
  /// sums + a x b for 16x16 and 16x8 fragments of f16 or bf16, sums in f32.
  llvm::SmallVector<Value> multiply16x8x16(mlir::Type type, llvm::ArrayRef<Value> a, llvm::ArrayRef<Value> b,
                                           llvm::ArrayRef<Value> sums);

  //===--- Lanes ---===//
  /// The value (32 or 64 bits: integer, f32, pointer) of a lane of the same warp; all lanes take part.
  Value shuffle(Value value, Value lane);
  Value shuffleXor(Value value, int64_t mask);

  //===--- Control ---===//
  void ifThen(Value condition, llvm::function_ref<void()> then);
  llvm::SmallVector<Value> ifElse(Value condition, llvm::function_ref<llvm::SmallVector<Value>()> then,
                                  llvm::function_ref<llvm::SmallVector<Value>()> otherwise);
  using LoopBody = llvm::function_ref<llvm::SmallVector<Value>(Value, mlir::ValueRange)>;
  /// Counts from `begin` to before `end`; the body gives the next values of what it carries.
  llvm::SmallVector<Value> loop(Value begin, Value end, Value step, mlir::ValueRange carried, LoopBody body);

  //===--- Element types ---===//
  /// The f32 values of a vector (or scalar) of f32, f16 or bf16 given as raw 32-bit words or one 16-bit word.
  llvm::SmallVector<Value> unpack(Value raw, mlir::Type elementType);
  /// Back: elements as an integer or vector of words of the bytes they take together.
  Value pack(llvm::ArrayRef<Value> values, mlir::Type elementType);
  /// i16, i32, or a vector of 2 or 4 i32: what `bytes` raw bytes are in registers.
  mlir::Type rawType(unsigned bytes);
  llvm::SmallVector<Value> words(Value raw);
};

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_DEVICEBUILDER_H
