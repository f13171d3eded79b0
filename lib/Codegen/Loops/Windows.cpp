//===- Windows.cpp - Window pooling -------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::BinaryKind;

/// Folds `body` over the positions of a window at `output` that lie inside the input: `body` gets the input's spatial
/// index, the window's, and the values so far.
SmallVector<Value> LayerEmitter::overWindow(const Window &w, Index output, ValueRange init, WindowBody body) {
  unsigned spatial = w.window.size();
  std::function<SmallVector<Value>(SmallVector<Value>, SmallVector<Value>, SmallVector<Value>)> over =
      [&](SmallVector<Value> input, SmallVector<Value> offset, SmallVector<Value> values) -> SmallVector<Value> {
    unsigned d = input.size();
    if (d == spatial)
      return body(input, offset, values);
    return reduceLoop(constantIndex(0), constantIndex(w.window[d]), values, [&](Value iv, ValueRange current) {
      Value at = sub(add(mul(output[d], constantIndex(w.strides[d])), mul(iv, constantIndex(w.dilations[d]))),
                     constantIndex(w.pads[d]));
      Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, at, w.extents[d]);
      SmallVector<Value> kept(current);
      return ifElse(
          inside,
          [&] {
            SmallVector<Value> nextInput(input), nextOffset(offset);
            nextInput.push_back(at);
            nextOffset.push_back(iv);
            return over(nextInput, nextOffset, kept);
          },
          [&] { return kept; });
    });
  };
  return over({}, {}, llvm::to_vector(init));
}

LogicalResult LayerEmitter::emitPoolWindow(rec::PoolWindowOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  materialize(x);
  StridedView place = destination(result);
  SmallVector<Value> extents(ArrayRef<Value>(sizes(x)).drop_front(2));
  unsigned spatial = extents.size();
  Window w{op.getWindow(), op.getStrides(), op.getPads(), op.getDilations(), extents};
  bool isMax = op.getKind() == rec::WindowKind::max;
  auto kind = isMax ? rec::ReduceKind::max : rec::ReduceKind::sum;

  nest(result, [&](Index index) {
    SmallVector<Value> folded =
        overWindow(w, index.drop_front(2), {reduceIdentity(b, kind, type), constantIndex(0)},
                   [&](Index at, Index, ValueRange current) {
                     SmallVector<Value> source{index[0], index[1]};
                     source.append(at.begin(), at.end());
                     return SmallVector<Value>{reduceStep(b, kind, current[0], element(x, source), type),
                                               add(current[1], constantIndex(1))};
                   });
    Value value = folded[0];
    if (!isMax) {
      Value count = folded[1];
      if (op.getCountIncludePad()) {
        // What of the window lies inside the padded input; ceil_mode may let it hang over the end.
        count = constantIndex(1);
        for (unsigned d = 0; d < spatial; ++d) {
          Value begin = mul(index[2 + d], constantIndex(w.strides[d]));
          Value end = add(extents[d], constantIndex(w.pads[d] + w.pads[spatial + d]));
          Value last = arith::MinSIOp::create(b, add(begin, constantIndex(w.window[d] * w.dilations[d])), end);
          Value span = arith::CeilDivSIOp::create(b, sub(last, begin), constantIndex(w.dilations[d]));
          count = mul(count, span);
        }
      }
      value = emitBinary(b, BinaryKind::div, value, emitCast(b, count, b.getI64Type(), type), type);
    }
    store(value, place, index);
  });
  places[result] = place;
  return success();
}
