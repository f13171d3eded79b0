//===- ConvertOnnx.cpp - Make layers of ONNX nodes ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Import/NodeAttributes.h"
#include "passes/Import/Passes.h"
#include "passes/Import/Registry.h"
#include "passes/Import/SizeValues.h"
#include "passes/Import/Strings.h"
#include "passes/Import/UnifyDims.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace reckon::importer {

#define GEN_PASS_DEF_CONVERTONNX
#define GEN_PASS_DEF_REPORTUNSUPPORTED
#include "passes/Import/Passes.h.inc"

/// Where a node that could not be converted keeps the reason.
using ReasonNote = rec::RecDialect::ReasonAttrHelper;

/// Whether the value has a type that no layer takes, or none that is known: not that of an operand that is left out.
static bool isUntyped(Value value) { return isa<NoneType>(value.getType()) && !value.getDefiningOp<rec::NoneOp>(); }
static bool isRankedOrAbsent(Value value) { return isa<RankedTensorType, NoneType>(value.getType()); }

/// A name for error messages: that of the ONNX node.
static std::string getNodeName(Operation *op) {
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    return name.getName().str();
  return "";
}

/// A dimension that a node needs to be a certain number is none any more, which the caller should hear.
static void warnOfFixedSize(Location loc, StringRef node, const SizeExpr &a, const SizeExpr &b, StringRef or1 = "") {
  if (!a.isConstant() && !b.isConstant())
    return;
  const SizeExpr &size = a.isConstant() ? b : a, &number = a.isConstant() ? a : b;
  if (size.asDim() && number.constant() != 1)
    emitWarning(loc) << "node " << node << " needs the dimension '" << size.str() << "' to be " << number.str() << or1
                     << ": the engine takes no other size";
}

/// Converts one node, or leaves it with its reason. Fails when the model is wrong. `next` is where the walk continues.
static LogicalResult convertNode(rec::OnnxOp op, bool unrollsLoops, ConversionCounts &counts, Operation *&next) {
  const Converter *converter = Registry::get().find(op);
  if (!converter)
    return success();
  ReasonNote(op.getContext()).removeAttr(op);
  std::string name = getNodeName(op);
  std::string opType = getQualifiedName(op);
  auto problem = findAttributeProblem(opType, op.getOpset(), op.getAttrs());
  if (!problem) {
    auto operands = op.getOperands();
    while (!operands.empty() && operands.back().getDefiningOp<rec::NoneOp>())
      operands = operands.drop_back();
    problem = findOperandProblem(opType, op.getOpset(), operands.size());
  }
  if (problem)
    return emitError(op.getLoc()) << "node '" << name << "' (" << opType << "): " << *problem;
  // One that comes from a node that is not converted is reported there.
  bool isReady = llvm::none_of(op.getOperands(), isUntyped) &&
                 (converter->anyOperands || llvm::all_of(op.getOperands(), isRankedOrAbsent));
  OpBuilder builder(op);
  if (!isReady) {
    Node node(builder, op);
    counts.converted += succeeded(foldStrings(node));
    return success();
  }

  for (;;) {
    rec::SizeConflict conflict;
    Node node(builder, op, unrollsLoops);
    std::string described = "'" + name + "' (" + opType + ")";
    if (foldSizeArithmetic(node) || succeeded(converter->convert(node))) {
      for (const auto &[size, number] : node.getFixed())
        warnOfFixedSize(node.loc, described, size, number, " or 1");
      ++counts.converted;
      if (node.resumeAt)
        next = node.resumeAt;
      return success();
    }
    if (node.isModelWrong()) {
      // The node may be right if two dimensions that nobody said are equal are. Each time there is one less of them.
      auto func = op->getParentOfType<func::FuncOp>();
      if (conflict.last()) {
        // What is tried notes conflicts of its own.
        const auto [first, second] = *conflict.last();
        if (rec::dependsOnData(first) || rec::dependsOnData(second)) {
          ReasonNote(op.getContext())
              .setAttr(op, builder.getStringAttr("it needs " + first.str() + " and " + second.str() +
                                                 " to be equal, which data decide"));
          return success();
        }
        if (unifyDims(func, first, second) || requireEqual(op, first, second)) {
          warnOfFixedSize(node.loc, described, first, second);
          ++counts.unified;
          continue;
        }
      }
      return emitError(op.getLoc()) << "node '" << name << "' (" << opType << "): " << node.getError();
    }
    if (!node.getError().empty())
      ReasonNote(op.getContext()).setAttr(op, builder.getStringAttr(node.getError()));
    return success();
  }
}

/// ONNX nodes have no effects: one without uses is as dead as a layer without uses.
static bool isDead(Operation *op) {
  return op->use_empty() && (isa<rec::OnnxOp>(op) || (op->hasTrait<OpTrait::ConstantLike>()) || isPure(op)) &&
         !op->hasTrait<OpTrait::IsTerminator>();
}

LogicalResult convertOnnxOps(func::FuncOp func, ConversionCounts *counts, bool unrollsLoops) {
  ConversionCounts ignored;
  ConversionCounts &count = counts ? *counts : ignored;
  if (func.isExternal())
    return success();
  Block &body = func.getBody().front();
  // What a node without uses needs of the sizes, the model does not.
  auto eraseDead = [&] {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isDead(&op))
        op.erase();
  };
  eraseDead();
  for (Operation *op = &body.front(), *next; op; op = next) {
    next = op->getNextNode();
    if (auto node = dyn_cast<rec::OnnxOp>(op))
      if (failed(convertNode(node, unrollsLoops, count, next)))
        return failure();
  }
  eraseDead();
  for (Operation &op : body)
    if (isa<rec::OnnxOp>(op))
      ++count.remaining;
  func.setFunctionType(
      FunctionType::get(func.getContext(), body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
  return success();
}

//===--------------------------------------------------------------------------------===//
// What is left
//===--------------------------------------------------------------------------------===//

/// Whether the node has a converter and only waits until others have given its operands a shape.
static bool isWaiting(rec::OnnxOp op) {
  const Converter *converter = Registry::get().find(op);
  return converter && !ReasonNote(op.getContext()).isAttrPresent(op);
}

namespace {
/// The lines of the report: one for each operator and reason, with the names of the nodes.
class Report {
public:
  void add(rec::OnnxOp op) {
    std::string reason;
    if (StringAttr attr = ReasonNote(op.getContext()).getAttr(op))
      reason = attr.getValue().str();
    else
      reason = Registry::get().explainVersion(op);
    std::string name = getQualifiedName(op);
    auto it = llvm::find_if(lines, [&](const Line &line) { return line.name == name && line.reason == reason; });
    if (it == lines.end())
      it = lines.insert(lines.end(), {name, reason, {}});
    it->nodes.push_back(getNodeName(op));
  }

  /// A line that is not about a node.
  void add(const Twine &text) { notes.push_back(text.str()); }

  bool empty() const { return lines.empty() && notes.empty(); }

  std::string print() const {
    std::string text;
    llvm::raw_string_ostream stream(text);
    for (const Line &line : lines) {
      stream << "\n  " << line.name << ": node" << (line.nodes.size() > 1 ? "s " : " ");
      llvm::interleaveComma(line.nodes, stream, [&](const std::string &node) { stream << "'" << node << "'"; });
      if (!line.reason.empty())
        stream << ": " << line.reason;
    }
    for (const std::string &note : notes)
      stream << "\n  " << note;
    return text;
  }

private:
  struct Line {
    std::string name, reason;
    std::vector<std::string> nodes;
  };
  std::vector<Line> lines;
  std::vector<std::string> notes;
};
} // namespace

LogicalResult reportUnsupported(func::FuncOp func) {
  Report report;
  std::vector<rec::OnnxOp> waiting;
  func.walk<WalkOrder::PreOrder>([&](rec::OnnxOp op) {
    // Nodes in a loop's body are never converted; those with a converter would be if the loop were raised.
    bool isInBody = op->getParentOp() != func;
    if (isWaiting(op))
      waiting.push_back(op);
    else if (!isInBody || !Registry::get().find(op))
      report.add(op);
  });
  auto check = [&](Type type, DictionaryAttr attrs, StringRef what, unsigned index) {
    if (isa<RankedTensorType>(type))
      return;
    auto name = attrs ? attrs.getAs<StringAttr>("rec.name") : StringAttr();
    std::string text = ("graph " + what + " '").str() + (name ? name.str() : std::to_string(index)) + "'";
    if (isa<NoneType, rec::SequenceType>(type))
      report.add(text + " has a type that Reckon has no values of");
    else if (what == "input")
      report.add(text + " has no shape");
  };
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    check(func.getArgumentTypes()[i], func.getArgAttrDict(i), "input", i);
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    check(func.getResultTypes()[i], func.getResultAttrDict(i), "output", i);
  if (report.empty() && waiting.empty())
    return success();
  if (report.empty()) // They wait for one another in vain: all of them are worth knowing.
    for (rec::OnnxOp op : waiting)
      report.add(op);
  return emitError(func.getLoc()) << "the model has operators that Reckon does not support:" << report.print();
}

namespace {
struct ConvertOnnx : impl::ConvertOnnxBase<ConvertOnnx> {
  using ConvertOnnxBase::ConvertOnnxBase;
  void runOnOperation() override {
    ConversionCounts counts;
    if (failed(convertOnnxOps(getOperation(), &counts, unrollLoops)))
      return signalPassFailure();
    converted += counts.converted;
    remaining += counts.remaining;
    unified += counts.unified;
  }
};

struct ReportUnsupported : impl::ReportUnsupportedBase<ReportUnsupported> {
  void runOnOperation() override {
    if (failed(reportUnsupported(getOperation())))
      signalPassFailure();
  }
};
} // namespace

} // namespace reckon::importer

void reckon::buildImportPipeline(OpPassManager &pm) { pm.addNestedPass<func::FuncOp>(importer::createConvertOnnx()); }
