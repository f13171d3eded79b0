//===- RawPtx.cpp - Instructions that are written as text --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/RawPtx.h"
#include "dialects/Plan/Plan.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Tiling/LinearTiles.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

static constexpr int64_t barrierBytes = 8;

/// Operands are $0..: the results, then the operands. `letters` has one an entry, results first: r, l, f for registers
/// of 32 bits, 64 bits and f32, # for an operand that is tied to a result, in order. Nothing that touches memory moves
/// across.
static Operation *emit(ImplicitLocOpBuilder &b, TypeRange results, const Twine &text, StringRef letters,
                       ValueRange operands, bool touchesMemory = true) {
  std::string constraints;
  unsigned tied = 0;
  for (auto [i, letter] : llvm::enumerate(letters)) {
    constraints += i < results.size() ? "=" : "";
    constraints += letter == '#' ? std::to_string(tied++) : std::string(1, letter);
    constraints += ',';
  }
  if (touchesMemory)
    constraints += "~{memory}";
  else
    constraints.pop_back();
  Type type;
  if (results.size() == 1)
    type = results[0];
  else if (results.size() > 1)
    type = LLVM::LLVMStructType::getLiteral(b.getContext(), llvm::to_vector(results));
  return LLVM::InlineAsmOp::create(b, type ? TypeRange(type) : TypeRange(), operands, text.str(), constraints,
                                   /*has_side_effects=*/touchesMemory, /*is_align_stack=*/false,
                                   LLVM::TailCallKind::None,
                                   LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr());
}

static Values membersOf(DeviceBuilder &b, Operation *op, unsigned count) {
  Values values;
  for (unsigned i = 0; i < count; ++i)
    values.push_back(LLVM::ExtractValueOp::create(b, op->getResult(0), ArrayRef<int64_t>{i}));
  return values;
}

/// "{$3, $4, $5}"
static std::string registers(size_t first, size_t count) {
  std::string text = "{";
  for (size_t i = 0; i < count; ++i)
    text += (i ? ", $" : "$") + std::to_string(first + i);
  return text + "}";
}

void reckon::nvptx::launchDependents(ImplicitLocOpBuilder &b) {
  emit(b, {}, "griddepcontrol.launch_dependents;", "", {});
}

Operation *reckon::nvptx::waitForDependencies(ImplicitLocOpBuilder &b) {
  return emit(b, {}, "griddepcontrol.wait;", "", {});
}

void reckon::nvptx::waitForBarrier(DeviceBuilder &b, Value barrier, Value parity, bool ofCluster) {
  StringRef scope = ofCluster ? ".acquire.cluster" : "";
  Operation *op = emit(b, {},
                       "{\n.reg .pred done;\nAGAIN:\nmbarrier.try_wait.parity" + scope +
                           ".shared::cta.b64 done, [$0], $1;\n@done bra DONE;\nbra AGAIN;\nDONE:\n}",
                       "rr", {barrier, parity});
  plan::setBytes(op, SizeExpr(barrierBytes));
}

Value reckon::nvptx::keepAddress(DeviceBuilder &b, Value shared) {
  Value wide = LLVM::PtrToIntOp::create(b, b.getI64Type(), shared);
  return emit(b, b.getI32Type(), "cvt.u32.u64 $0, $1;", "rl", wide, /*touchesMemory=*/false)->getResult(0);
}

void reckon::nvptx::prefetchMap(DeviceBuilder &b, Value map) {
  emit(b, {}, "prefetch.tensormap [$0];", "l", {LLVM::PtrToIntOp::create(b, b.getI64Type(), map)});
}

void reckon::nvptx::storeAsync(DeviceBuilder &b, Value shared, Value barrier, Value block, ArrayRef<Value> words) {
  StringRef suffix = words.size() == 4 ? ".v4.b32" : words.size() == 2 ? ".v2.b32" : ".b32";
  std::string list = words.size() == 1 ? "$3" : registers(3, words.size());
  Values operands = {shared, barrier, block};
  operands.append(words.begin(), words.end());
  Operation *op = emit(
      b, {},
      "{\n.reg .b32 there, signal;\nmapa.shared::cluster.u32 there, $0, $2;\nmapa.shared::cluster.u32 signal, $1, $2;\n"
      "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes" +
          suffix + " [there], " + list + ", [signal];\n}",
      std::string(3 + words.size(), 'r'), operands);
  plan::setBytes(op, {SizeExpr(4 * static_cast<int64_t>(words.size())), SizeExpr(barrierBytes)});
}

Values reckon::nvptx::loadFromBlock(DeviceBuilder &b, Value shared, unsigned block) {
  Operation *op = emit(b, SmallVector<Type>(4, b.getF32Type()),
                       "{\n.reg .b32 there;\nmapa.shared::cluster.u32 there, $4, " + Twine(block) +
                           ";\nld.shared::cluster.v4.f32 {$0, $1, $2, $3}, [there];\n}",
                       "ffffr", {shared});
  plan::setBytes(op, SizeExpr(16));
  return membersOf(b, op, 4);
}

Value reckon::nvptx::packHalves(DeviceBuilder &b, Value low, Value high, Type elementType) {
  StringRef text = elementType.isBF16() ? "cvt.rn.bf16x2.f32 $0, $1, $2;" : "cvt.rn.f16x2.f32 $0, $1, $2;";
  return emit(b, b.getI32Type(), text, "rff", {high, low}, /*touchesMemory=*/false)->getResult(0);
}

Value reckon::nvptx::tanhApproximate(DeviceBuilder &b, Value x) {
  return emit(b, b.getF32Type(), "tanh.approx.f32 $0, $1;", "ff", {x}, /*touchesMemory=*/false)->getResult(0);
}

//===----------------------------------------------------------------------===//
// Products of warpgroups
//===----------------------------------------------------------------------===//

/// "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
static std::string wgmmaName(const WgmmaStage &stage) {
  StringRef kind = stage.type.isF16()    ? "k16.f32.f16.f16"
                   : stage.type.isBF16() ? "k16.f32.bf16.bf16"
                                         : "k8.f32.tf32.tf32";
  return ("wgmma.mma_async.sync.aligned.m64n" + Twine(stage.columns) + kind + " ").str();
}

/// Emits text whose results are the sums, tied to operands behind the others.
static void emitOnSums(DeviceBuilder &b, const Twine &text, const std::string &letters, Values operands,
                       MutableArrayRef<Value> sums) {
  operands.append(sums.begin(), sums.end());
  size_t count = sums.size();
  Operation *op = emit(b, SmallVector<Type>(count, b.getF32Type()), text,
                       std::string(count, 'f') + letters + std::string(count, '#'), operands);
  llvm::copy(membersOf(b, op, count), sums.begin());
}

void reckon::nvptx::multiplyFromShared(DeviceBuilder &b, const WgmmaStage &stage, Value left, Value keeps,
                                       MutableArrayRef<Value> sums) {
  size_t count = sums.size(), perBlock = stage.columns / 2;
  auto operand = [&](unsigned i) { return "$" + std::to_string(count + i); };
  std::string text =
      "{\n.reg .pred keep;\n.reg .b64 a, b;\nsetp.ne.b32 keep, " + operand(2) + ", 0;\nwgmma.fence.sync.aligned;\n";
  for (unsigned product = 0; product < stage.products; ++product) {
    text += "add.s64 b, " + operand(1) + ", " + std::to_string(2 * product) + ";\n";
    for (unsigned block = 0; block < count / perBlock; ++block) {
      text += "add.s64 a, " + operand(0) + ", " + std::to_string(block * 64 * tiling::tileRowBytes / 16 + 2 * product) +
              ";\n";
      text += wgmmaName(stage) + registers(block * perBlock, perBlock) + ", a, b, " + (product ? "1" : "keep") +
              ", 1, 1" + (stage.type.isF32() ? "" : ", 0, 0") + ";\n";
    }
  }
  text += "wgmma.commit_group.sync.aligned;\n";
  text += stage.waits ? "wgmma.wait_group.sync.aligned 1;\n}" : "}";
  emitOnSums(b, text, "llr", {left, stage.right, keeps}, sums);
}

void reckon::nvptx::multiplyFromRegisters(DeviceBuilder &b, const WgmmaStage &stage, ArrayRef<Value> left,
                                          MutableArrayRef<Value> sums) {
  size_t count = sums.size(), words = left.size();
  std::string text = "{\n.reg .b64 b;\nwgmma.fence.sync.aligned;\n";
  for (unsigned product = 0; product < stage.products; ++product)
    text += "add.s64 b, $" + std::to_string(count + words) + ", " + std::to_string(stage.step * product) + ";\n" +
            wgmmaName(stage) + registers(0, count) + ", " + registers(count + 4 * product, 4) + ", b, 1, 1, 1, " +
            (stage.isTurned ? "1" : "0") + ";\n";
  text += "wgmma.commit_group.sync.aligned;\n}";
  Values operands(left);
  operands.push_back(stage.right);
  emitOnSums(b, text, std::string(words, 'r') + "l", operands, sums);
}

void reckon::nvptx::waitForProducts(DeviceBuilder &b, MutableArrayRef<Value> sums, unsigned pending) {
  emitOnSums(b, "wgmma.wait_group.sync.aligned " + Twine(pending) + ";", "", {}, sums);
}
