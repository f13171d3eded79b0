//===- Linear.cpp - Linear layers with an elementwise epilogue ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Linear.h"
#include "dialects/Rec/Shape.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/DeviceModule.h"
#include "lib/Codegen/NVPTX/RawPtx.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

//===----------------------------------------------------------------------===//
// The epilogue
//===----------------------------------------------------------------------===//

LinearEpilogue::LinearEpilogue(DeviceBuilder &p, const LinearLayer &layer, ArrayRef<Value> operands)
    : p(p), layer(layer), operands(operands) {}

static unsigned bytesOf(Type type) { return type.isInteger(1) ? 1 : type.getIntOrFloatBitWidth() / 8; }

static Values loadElements(DeviceBuilder &p, Value pointer, Type type, unsigned count, bool aligned, bool constant) {
  unsigned bytes = bytesOf(type) * count;
  Values elements;
  if (!aligned || bytes < 4 || bytes > 32 || !type.isFloat() || type.isF64()) {
    for (unsigned i = 0; i < count; ++i) {
      Value stored = loops::loadBits(p, loops::storageType(type), p.at(pointer, i * bytesOf(type)));
      elements.push_back(loops::fromStorage(p, stored, type));
    }
    return elements;
  }
  Values words;
  for (unsigned offset = 0; offset < bytes; offset += 16)
    words.append(p.loadWords(p.at(pointer, offset), std::min(bytes, 16u) / 4, constant));
  for (Value word : words) {
    if (type.isF32())
      elements.push_back(p.bitcast(type, word));
    else
      for (unsigned half = 0; half < 2; ++half)
        elements.push_back(p.unpackHalf(word, half, type));
  }
  return elements;
}

Values nvptx::loadRun(DeviceBuilder &p, Value pointer, Type type, unsigned count, bool aligned) {
  return loadElements(p, pointer, type, count, aligned, /*constant=*/false);
}

Values nvptx::loadConstantRun(DeviceBuilder &p, Value pointer, Type type, unsigned count, bool aligned) {
  return loadElements(p, pointer, type, count, aligned, /*constant=*/true);
}

void nvptx::storeRun(DeviceBuilder &p, ArrayRef<Value> elements, Value pointer, Type type, bool aligned) {
  unsigned bytes = bytesOf(type) * elements.size();
  if (!aligned || bytes < 4 || bytes > 32 || !type.isFloat() || type.isF64()) {
    for (auto [i, element] : llvm::enumerate(elements))
      loops::storeBits(p, loops::toStorage(p, element, type), p.at(pointer, i * bytesOf(type)));
    return;
  }
  Values words;
  if (type.isF32())
    words.assign(elements.begin(), elements.end());
  else
    for (unsigned i = 0; i < elements.size(); i += 2)
      words.push_back(packHalves(p, elements[i], elements[i + 1], type));
  for (unsigned first = 0; first < words.size(); first += 4) {
    unsigned count = std::min<unsigned>(4, words.size() - first);
    p.storeWords(ArrayRef<Value>(words).slice(first, count), p.at(pointer, first * 4));
  }
}

Values nvptx::loadInside(DeviceBuilder &p, const MatrixRow &row, Value first, unsigned count) {
  auto load = [&](Value column, unsigned length, bool aligned) {
    Value pointer = p.at(row.pointer, p.mul(p.widen(column), bytesOf(row.type)));
    return loadRun(p, pointer, row.type, length, aligned);
  };
  if (row.aligned && row.k % count == 0)
    return p.ifElse(
        p.lessU(first, p.like(first, row.k)), [&] { return load(first, count, true); },
        [&] { return Values(count, p.f32(0)); });
  Values elements;
  for (unsigned i = 0; i < count; ++i) {
    Value column = p.add(first, i), inside = p.lessU(column, p.like(column, row.k));
    Value element = load(p.select(inside, column, p.like(column, 0)), 1, false)[0];
    elements.push_back(p.select(inside, element, p.f32(0)));
  }
  return elements;
}

Values nvptx::loadChunk(DeviceBuilder &p, const LinearLayer &layer, Value row, Value first, bool isWhole) {
  Type stored = layer.x.type;
  int64_t chunk = 16 / layer.elementBytes();
  Value start = p.at(row, p.mul(p.widen(first), bytesOf(stored)));
  auto packed = [&](ArrayRef<Value> elements) {
    Values words;
    if (layer.elementBytes() == 4)
      for (Value element : elements)
        words.push_back(p.bitcast(p.getI32Type(), element));
    else
      for (unsigned i = 0; i < elements.size(); i += 2)
        words.push_back(packHalves(p, elements[i], elements[i + 1], layer.type));
    return words;
  };
  // A row that begins at a multiple of 16 bytes, and does not overlap the next, has room for its last chunk.
  int64_t last = layer.k / chunk * chunk;
  bool hasRoom = layer.x.aligned && (layer.k == last || layer.x.stride >= layer.k);
  if (stored != layer.type || !hasRoom)
    return packed(isWhole ? loadRun(p, start, stored, chunk, layer.x.aligned)
                          : loadInside(p, {row, stored, layer.k, layer.x.aligned}, first, chunk));
  if (isWhole)
    return p.loadWords(start, 4);
  // What lies past k may never have been written. It is read nevertheless: a load on a condition would wait for the
  // one before it that goes to the same registers.
  // The mask is of all four words: LLVM would take a single one out of the load and read it by itself.
  auto inside = [&] {
    Value words = p.load(p.rawType(16), start, 16);
    if (layer.k == last)
      return p.words(words);
    SmallVector<int32_t, 4> kept(4, 0);
    unsigned bytes = (layer.k - last) * layer.elementBytes();
    for (unsigned byte = 0; byte < bytes; ++byte)
      kept[byte / 4] |= 0xff << byte % 4 * 8;
    Value all = arith::ConstantOp::create(p, DenseIntElementsAttr::get(cast<VectorType>(words.getType()), -1));
    Value some = arith::ConstantOp::create(p, p.getI32VectorAttr(kept));
    return p.words(p.bitAnd(words, p.select(p.equal(first, last), some, all)));
  };
  return p.ifElse(p.lessU(first, p.i32(layer.k)), inside, [&] { return Values(4, p.i32(0)); });
}

Values LinearEpilogue::elementsOf(Value tensor, Value row, Value column, unsigned count) {
  if (auto it = computed.find(tensor); it != computed.end())
    return it->second;
  Type type = cast<RankedTensorType>(tensor.getType()).getElementType();
  Values elements;
  if (auto constant = tensor.getDefiningOp<rec::ConstantOp>()) {
    double value = cast<SplatElementsAttr>(constant.getValue()).getSplatValue<APFloat>().convertToDouble();
    elements.assign(count, loops::scalarConstant(p, type, value));
  } else {
    auto argument = cast<BlockArgument>(tensor);
    unsigned operand = argument.getArgNumber();
    rec::Shape shape = rec::getShape(tensor);
    bool isRow =
        shape.size() == rec::getShape(layer.linear.getResult()).size() && shape.size() >= 2 &&
        llvm::any_of(ArrayRef<SizeExpr>(shape).drop_back(), [](const SizeExpr &size) { return size != SizeExpr(1); });
    bool isWide = !shape.empty() && shape.back() == SizeExpr(layer.n) && layer.n != 1;
    Value pointer = operands[operand];
    bool aligned = !isRow;
    if (isRow) {
      MatrixOperand matrix = *asMatrix(layer.kernel, operand);
      pointer = p.at(pointer, p.mul(p.widen(row), matrix.stride * bytesOf(type)));
      aligned = matrix.aligned;
    } else {
      aligned = layer.kernel.getLayout(operand).getAligned();
    }
    if (isWide)
      elements = loadConstantRun(p, p.at(pointer, p.mul(p.widen(column), bytesOf(type))), type, count, aligned);
    else
      elements.assign(count, loadConstantRun(p, pointer, type, 1, /*aligned=*/false)[0]);
  }
  computed[tensor] = elements;
  return elements;
}

Values LinearEpilogue::evaluate(Value row, Value column, ArrayRef<Value> sums, const Inputs &inputs) {
  computed = inputs;
  unsigned count = sums.size();
  Values values(sums);
  if (layer.linear.getBias())
    for (auto [sum, bias] : llvm::zip(values, elementsOf(layer.linear.getBias(), row, column, count)))
      sum = p.addf(sum, bias);
  computed[layer.linear.getResult()] = values;
  auto elementType = [](Value tensor) { return loops::elementTypeOf(tensor); };
  for (Operation *op : layer.epilogue) {
    SmallVector<Values> inputs;
    for (Value operand : op->getOperands())
      inputs.push_back(elementsOf(operand, row, column, count));
    Values results;
    for (unsigned i = 0; i < count; ++i) {
      auto input = [&](unsigned operand) { return inputs[operand][i]; };
      results.push_back(
          llvm::TypeSwitch<Operation *, Value>(op)
              .Case([&](rec::UnaryOp o) { return loops::emitUnary(p, o.getKind(), input(0), elementType(o.getX())); })
              .Case([&](rec::BinaryOp o) {
                return loops::emitBinary(p, o.getKind(), input(0), input(1), elementType(o.getA()),
                                         elementType(o.getB()));
              })
              .Case([&](rec::CompareOp o) {
                return loops::emitCompare(p, o.getKind(), input(0), input(1), elementType(o.getA()));
              })
              .Case([&](rec::SelectOp o) { return p.select(input(0), input(1), input(2)); })
              .Case([&](rec::CastOp o) {
                return loops::emitCast(p, input(0), elementType(o.getX()), elementType(o.getResult()));
              }));
    }
    computed[op->getResult(0)] = results;
  }
  return computed[layer.result];
}

void LinearEpilogue::finishInside(Value row, Value column, ArrayRef<Value> sums, const Inputs &inputs) {
  Values results = evaluate(row, column, sums, inputs);
  unsigned bytes = bytesOf(layer.out.type);
  Value offset = p.add(p.mul(p.widen(row), layer.out.stride * bytes), p.mul(p.widen(column), bytes));
  storeRun(p, results, p.at(operands[layer.out.operand], offset), layer.out.type, layer.out.aligned);
}

SmallVector<BlockArgument> LinearEpilogue::readArguments() const {
  SmallVector<BlockArgument> read;
  for (BlockArgument argument : layer.kernel.getBody().getArguments())
    if (argument == layer.linear.getBias() ||
        llvm::any_of(layer.epilogue, [&](Operation *op) { return llvm::is_contained(op->getOperands(), argument); }))
      read.push_back(argument);
  return read;
}

bool LinearEpilogue::readsOnlyConstants() const {
  return llvm::all_of(readArguments(),
                      [&](BlockArgument argument) { return isConstantMemory(operands[argument.getArgNumber()]); });
}

LinearEpilogue::Inputs LinearEpilogue::fetch(Value row, Value column, unsigned count) {
  computed.clear();
  for (BlockArgument argument : readArguments())
    elementsOf(argument, row, column, count);
  return std::move(computed);
}

void LinearEpilogue::preload(Value row, Value column, unsigned count, Value rows) {
  if (layer.n % count == 0)
    preloaded = fetch(p.min(row, p.add(rows, -1)), p.min(column, p.i32(layer.n - count)), count);
}

void LinearEpilogue::finish(Value row, Value column, ArrayRef<Value> sums) {
  int64_t count = sums.size(), rest = layer.n % count;
  auto ifLess = [&](Value left, int64_t right, llvm::function_ref<void()> then) {
    p.ifThen(p.lessU(left, p.i32(right)), then);
  };
  // A run is inside, or the last one, of which the elements that are there are runs of powers of two.
  ifLess(column, layer.n - rest, [&] { finishInside(row, column, sums, rest == 0 ? preloaded : Inputs()); });
  if (rest == 0)
    return;
  p.ifThen(p.equal(column, layer.n - rest), [&] {
    for (int64_t first = 0; first < rest;) {
      int64_t length = llvm::bit_floor<uint64_t>(rest - first);
      finishInside(row, p.add(column, first), sums.slice(first, length), Inputs());
      first += length;
    }
  });
}
