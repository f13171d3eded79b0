//===- MergeLinears.cpp - Linear layers that share an input --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Optimize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"

namespace reckon {
#define GEN_PASS_DEF_MERGELINEARS
#include "passes/Optimize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// A linear layer with constant weights, and the one function applied to it.
struct Branch {
  LinearOp linear;
  UnaryOp activation;
};

struct MergeLinears : public reckon::impl::MergeLinearsBase<MergeLinears> {
  void runOnOperation() override {
    llvm::MapVector<Value, SmallVector<Branch>> groups;
    getOperation().walk([&](LinearOp op) {
      if (isConstant(op.getWeight()) && (!op.getBias() || isConstant(op.getBias())))
        groups[op.getX()].push_back({op, getActivation(op)});
    });
    // An input of one group may be a layer that another group has merged away: the keys only collect, and each merge
    // reads the input from its layers.
    for (SmallVector<Branch> &branches : llvm::make_second_range(groups))
      if (branches.size() > 1)
        while (!branches.empty())
          mergeSome(branches);
  }

  static UnaryOp getActivation(LinearOp op) {
    return op->hasOneUse() ? dyn_cast<UnaryOp>(*op->user_begin()) : UnaryOp();
  }

  static int64_t getOutputs(LinearOp op) { return typeOf(op.getWeight()).getDimSize(1); }

  /// A wider layer is bound by arithmetic and gains nothing.
  static constexpr int64_t widest = 256;

  /// One reading of x is saved for each layer merged, and one copy of its outputs may be added: a layer with no more
  /// outputs than inputs gains.
  static bool isProfitable(LinearOp op) {
    return getOutputs(op) <= typeOf(op.getWeight()).getDimSize(0) && getOutputs(op) <= widest;
  }

  /// Says that a layer which shares its input stays by itself.
  void remarkMissed(LinearOp op, const char *why) {
    remark::missed(op.getLoc(), remark::RemarkOpts::name("not-merged").category(getArgument()))
        << remark::reason("not merged with the other layers of its input: {0} inputs, {1} outputs, {2}",
                          typeOf(op.getWeight()).getDimSize(0), getOutputs(op), why);
  }

  /// Takes the last branch off the list, merged with those that go with it.
  void mergeSome(SmallVectorImpl<Branch> &branches) {
    Branch last = branches.pop_back_val();
    if (!isProfitable(last.linear))
      return remarkMissed(last.linear,
                          getOutputs(last.linear) > widest ? "bound by arithmetic" : "whose copies would cost more");
    SmallVector<Branch> chosen{last};
    for (Branch &branch : branches)
      if (isProfitable(branch.linear) && bool(branch.activation) == bool(last.activation) &&
          branch.linear->getBlock() == last.linear->getBlock() &&
          (!last.activation || branch.activation.getKind() == last.activation.getKind()))
        chosen.push_back(branch);
    if (chosen.size() < 2)
      return remarkMissed(last.linear, "and no other one with its activation gains");
    llvm::erase_if(branches, [&](Branch &branch) {
      return llvm::any_of(chosen, [&](Branch &other) { return other.linear == branch.linear; });
    });
    llvm::sort(chosen, [](Branch &a, Branch &b) { return a.linear->isBeforeInBlock(b.linear); });
    merge(chosen);
  }

  void merge(ArrayRef<Branch> branches) {
    LinearOp first = branches.front().linear;
    Value x = first.getX();
    OpBuilder builder(first);
    SmallVector<Location> locations;
    int64_t inputs = typeOf(x).getShape().back(), outputs = 0;
    bool hasBias = false;
    for (Branch branch : branches) {
      outputs += getOutputs(branch.linear);
      hasBias |= bool(branch.linear.getBias());
      locations.push_back(branch.linear.getLoc());
    }
    std::vector<double> weight(inputs * outputs), bias(outputs);
    int64_t column = 0;
    for (Branch branch : branches) {
      LinearOp linear = branch.linear;
      int64_t width = getOutputs(linear);
      auto part = getConstantDoubles(linear.getWeight().getDefiningOp<ConstantOp>().getValue());
      auto partBias = linear.getBias() ? getConstantDoubles(linear.getBias().getDefiningOp<ConstantOp>().getValue())
                                       : std::vector<double>(width);
      if (!part || !partBias)
        return;
      for (int64_t k = 0; k < inputs; ++k)
        std::copy_n(part->begin() + k * width, width, weight.begin() + k * outputs + column);
      std::copy_n(partBias->begin(), width, bias.begin() + column);
      column += width;
    }

    Location loc = builder.getFusedLoc(locations);
    Type type = typeOf(x).getElementType();
    auto makeTensor = [&](ArrayRef<int64_t> shape, ArrayRef<double> values) -> Value {
      return ConstantOp::create(builder, loc, makeConstant(RankedTensorType::get(shape, type), values), StringAttr());
    };
    Value merged = LinearOp::create(builder, loc, x, makeTensor({inputs, outputs}, weight),
                                    hasBias ? makeTensor({outputs}, bias) : Value());
    if (UnaryOp activation = branches.front().activation)
      merged = UnaryOp::create(builder, loc, activation.getKindAttr(), merged);
    column = 0;
    for (Branch branch : branches) {
      Operation *last = branch.activation ? branch.activation.getOperation() : branch.linear.getOperation();
      Value old = last->getResult(0);
      Shape sizes = getShape(merged), starts(sizes.size(), SizeExpr(0));
      starts.back() = SizeExpr(column);
      sizes.back() = SizeExpr(getOutputs(branch.linear));
      column += getOutputs(branch.linear);
      Value piece = SliceOp::create(builder, last->getLoc(), merged, DimsAttr::get(&getContext(), starts),
                                    DimsAttr::get(&getContext(), sizes),
                                    builder.getDenseI64ArrayAttr(SmallVector<int64_t>(sizes.size(), 1)));
      old.replaceAllUsesWith(reshapeTo(builder, last->getLoc(), piece, typeOf(old)));
      ++numMerged;
    }
    for (Branch branch : branches) {
      if (branch.activation)
        branch.activation->erase();
      branch.linear->erase();
    }
  }
};
} // namespace
