//===- LinearSimt.cpp - Linear layers in f32 multiply-adds ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Full f32, which tensor cores do not have. 256 threads share a square tile of the result; 16 steps of the inner
// dimension at a time go through shared memory, activations transposed, in two buffers: while one is multiplied the
// next is on its way through registers.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LinearKernels.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

namespace {

constexpr unsigned threads = 256, depth = 16;

class ScalarEmitter {
public:
  ScalarEmitter(DeviceBuilder &p, const LinearLayer &layer, KernelFunction &kernel, Value weight, Value shared,
                unsigned size)
      : p(p), layer(layer), x(kernel.operands[layer.x.operand]), weight(weight), shared(shared), size(size) {
    rows = p.narrow(p.mul(kernel.rows, layer.rowsPerSample));
    int64_t columnTiles = llvm::divideCeil(layer.n, int64_t(size));
    firstRow = p.mul(p.divU(p.block(), columnTiles), size);
    firstColumn = columnTiles == 1 ? p.i32(0) : p.mul(p.remU(p.block(), columnTiles), size);
  }

  void emit(LinearEpilogue &epilogue);

  /// A buffer holds depth rows of activations, transposed, and of the weight.
  static unsigned rowBytes(unsigned size) { return (size + 4) * 4; }
  static unsigned bufferBytes(unsigned size) { return 2 * depth * rowBytes(size); }

private:
  unsigned loads() const { return size * depth / 4 / threads; } ///< of four elements, a thread
  Values fetch(Value step);
  void put(ArrayRef<Value> elements, Value buffer);
  void multiply(MutableArrayRef<Value> sums, Value buffer);
  void addOuter(MutableArrayRef<Value> sums, Value ofRows, Value ofColumns, int64_t offset);

  DeviceBuilder &p;
  const LinearLayer &layer;
  Value x, weight, shared, rows, firstRow, firstColumn;
  unsigned size;
};

} // namespace

/// Four elements at a time: `loads()` of activations along the inner dimension, then as many of the weight along
/// columns.
Values ScalarEmitter::fetch(Value step) {
  unsigned xBytes = layer.x.type.getIntOrFloatBitWidth() / 8;
  Values elements;
  for (unsigned i = 0; i < loads(); ++i) {
    Value item = p.add(p.thread(), i * threads);
    Value row = p.min(p.add(firstRow, p.divU(item, depth / 4)), p.add(rows, -1));
    Value inner = p.add(step, p.shiftLeft(p.remU(item, depth / 4), 2));
    Value address = p.at(x, p.mul(p.widen(row), layer.x.stride * xBytes));
    elements.append(loadInside(p, {address, layer.x.type, layer.k, layer.x.aligned}, inner, 4));
  }
  for (unsigned i = 0; i < loads(); ++i) {
    Value item = p.add(p.thread(), i * threads);
    Value inner = p.add(step, p.divU(item, size / 4)),
          column = p.add(firstColumn, p.shiftLeft(p.remU(item, size / 4), 2));
    // Past the last row of the weight the activations are zero: any finite value does.
    Value address = p.at(weight, p.mul(p.widen(p.min(inner, p.i32(layer.k - 1))), layer.n * 4));
    elements.append(loadInside(p, {address, layer.type, layer.n, true}, column, 4));
  }
  return elements;
}

void ScalarEmitter::put(ArrayRef<Value> elements, Value buffer) {
  for (unsigned i = 0; i < loads(); ++i) {
    Value item = p.add(p.thread(), i * threads);
    Value row = p.divU(item, depth / 4), inner = p.shiftLeft(p.remU(item, depth / 4), 2);
    Value to = p.at(buffer, p.add(p.mul(inner, rowBytes(size)), p.shiftLeft(row, 2)));
    for (unsigned e = 0; e < 4; ++e)
      p.store(elements[4 * i + e], p.at(to, e * rowBytes(size)), 4);
  }
  for (unsigned i = 0; i < loads(); ++i) {
    Value item = p.add(p.thread(), i * threads);
    Value inner = p.divU(item, size / 4), column = p.shiftLeft(p.remU(item, size / 4), 2);
    Value to = p.at(buffer, p.add(p.mul(p.add(inner, depth), rowBytes(size)), p.shiftLeft(column, 2)));
    p.storeWords(elements.slice(4 * (loads() + i), 4), to);
  }
}

/// A thread has size/64 groups of four rows and as many of four columns; groups lie 64 apart.
void ScalarEmitter::multiply(MutableArrayRef<Value> sums, Value buffer) {
  Value ofRows = p.at(buffer, p.shiftLeft(p.shiftRight(p.thread(), 4), 4));
  Value ofColumns = p.at(p.at(buffer, depth * rowBytes(size)), p.shiftLeft(p.bitAnd(p.thread(), 15), 4));
  // A loop, so that not all elements of the buffer are in registers at once.
  constexpr unsigned unrolled = 4;
  Values result = p.loop(p.i32(0), p.i32(depth), p.i32(unrolled), sums, [&](Value first, ValueRange carried) {
    Values inner(carried);
    Value offset = p.mul(first, rowBytes(size));
    for (unsigned k = 0; k < unrolled; ++k)
      addOuter(inner, p.at(ofRows, offset), p.at(ofColumns, offset), k * rowBytes(size));
    return inner;
  });
  llvm::copy(result, sums.begin());
}

/// sums += column * row of four-element groups at an offset from each.
void ScalarEmitter::addOuter(MutableArrayRef<Value> sums, Value ofRows, Value ofColumns, int64_t offset) {
  unsigned groups = size / 64, width = 4 * groups;
  auto read = [&](Value from) {
    Values elements;
    for (unsigned g = 0; g < groups; ++g)
      elements.append(loadRun(p, p.at(from, offset + g * 256), p.getF32Type(), 4, /*aligned=*/true));
    return elements;
  };
  Values a = read(ofRows), w = read(ofColumns);
  for (unsigned r = 0; r < width; ++r)
    for (unsigned c = 0; c < width; ++c)
      sums[r * width + c] = p.fma(a[r], w[c], sums[r * width + c]);
}

void ScalarEmitter::emit(LinearEpilogue &epilogue) {
  unsigned groups = size / 64, width = 4 * groups;
  int64_t steps = llvm::divideCeil(layer.k, int64_t(depth));
  Values sums(width * width, p.f32(0));
  put(fetch(p.i32(0)), shared);
  p.barrier();
  Values state = p.loop(p.i32(1), p.i32(steps), p.i32(1), sums, [&](Value step, ValueRange carried) {
    Values inner(carried);
    // Step s is put into buffer s % 2 while buffer (s - 1) % 2 is read.
    Value odd = p.bitAnd(step, 1);
    Values next = fetch(p.mul(step, depth));
    multiply(inner, p.at(shared, p.mul(p.sub(p.i32(1), odd), bufferBytes(size))));
    put(next, p.at(shared, p.mul(odd, bufferBytes(size))));
    p.barrier();
    return inner;
  });
  multiply(state, p.at(shared, ((steps - 1) % 2) * bufferBytes(size)));
  Value row = p.add(firstRow, p.shiftLeft(p.shiftRight(p.thread(), 4), 2));
  Value column = p.add(firstColumn, p.shiftLeft(p.bitAnd(p.thread(), 15), 2));
  for (unsigned r = 0; r < width; ++r) {
    Value at = p.add(row, r / 4 * 64 + r % 4);
    p.ifThen(p.lessU(at, rows), [&] {
      for (unsigned g = 0; g < groups; ++g)
        epilogue.finish(at, p.add(column, 64 * g), ArrayRef<Value>(state).slice(r * width + 4 * g, 4));
    });
  }
}

LaunchPlan nvptx::emitLinearSimt(const LinearLayer &layer, DeviceModule &module, unsigned weight, SimtTile tile) {
  unsigned size = tile.size;
  KernelFunction kernel = module.createKernel(layer.symbol(tile.name()), layer.kernel, threads);
  DeviceBuilder p(kernel.getBuilder());
  // At least two blocks an SM, so that one multiplies while the other waits.
  kernel.function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), p.getI32IntegerAttr(size == 64 ? 4 : 2));
  ScalarEmitter emitter(p, layer, kernel, kernel.operands[weight], module.getDynamicShared(p), size);
  LinearEpilogue epilogue(p, layer, kernel.operands);
  emitter.emit(epilogue);

  LaunchPlan launch;
  launch.function = kernel.getName();
  launch.blockThreads = threads;
  launch.sharedBytes = 2 * ScalarEmitter::bufferBytes(size);
  launch.grid = {SizeExpr::ceilDiv(layer.matrixRows(), SizeExpr(size)) *
                 SizeExpr(llvm::divideCeil(layer.n, int64_t(size)))};
  return launch;
}
