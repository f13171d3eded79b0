//===- FuzzNetwork.cpp - Any calls of the network builder ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// The bytes choose calls and their arguments: names that repeat, sizes from 0 to far too many, enumerators that are
// none, tensors of failed calls and of another network. Whatever comes, a call succeeds or says why not; what it gives
// has a shape. Of the networks that every call accepted some are taken through the phases before machine code, a few
// are compiled: each gets through or is refused with a reason.
//
// Networks share a context for a while: making one takes as long as building hundreds of networks.
//
//===---------------------------------------------------------------------------------===//

#include "lib/Compiler/Phases.h"
#include "lib/Network/NetworkBuilder.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/xxhash.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace reckon;

namespace {
/// Arguments from bytes; zeros when they are used up.
class Source {
public:
  Source(const uint8_t *data, size_t size) : data(data), end(data + size) {}
  bool isEmpty() const { return data == end; }
  uint8_t byte() { return isEmpty() ? 0 : *data++; }
  /// Mostly small, now and then anything.
  int64_t number() {
    uint8_t first = byte();
    if (first < 0xf0)
      return first % 12;
    int64_t value = 0;
    for (int i = 0; i < 8; ++i)
      value = static_cast<int64_t>(static_cast<uint64_t>(value) << 8 | byte());
    return value;
  }
  int small() { return static_cast<int8_t>(byte()) % 8; }

private:
  const uint8_t *data, *end;
};

void require(bool condition, const char *what) {
  if (condition)
    return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// How far networks got, printed at the end.
struct Reached {
  unsigned long built = 0, outputs = 0, phases = 0, passed = 0, compiled = 0;
};
Reached reached;

/// What weights and tables are filled with.
const std::vector<float> &numbers() {
  static const std::vector<float> values(1 << 16, 0.5f);
  return values;
}

/// For the next network. Attributes stay in a context for as long as it lives.
std::shared_ptr<mlir::MLIRContext> getContext() {
  static std::shared_ptr<mlir::MLIRContext> context;
  static unsigned uses = 0;
  if (uses++ % 256 == 0)
    context = NetworkInsides::makeContext();
  return context;
}

/// Takes a network through the phases before machine code.
bool runPhases(mlir::ModuleOp module, uint8_t choice, unsigned &errors) {
  mlir::MLIRContext &context = *module.getContext();
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    std::string text = diagnostic.str(); // printing is part of what must not crash
    return mlir::success();
  });
  PhaseOptions options;
  options.precision = static_cast<FloatPrecision>(choice % 4);
  options.target = choice / 4 % 2 ? DeviceKind::Host : DeviceKind::Cuda;
  for (const Phase &phase : getPhases()) {
    if (llvm::StringRef(phase.name) == "codegen")
      break;
    mlir::PassManager pm(&context, mlir::ModuleOp::getOperationName());
    phase.build(pm, options);
    if (mlir::failed(pm.run(module)))
      return false;
  }
  return true;
}

class Calls {
public:
  explicit Calls(Source &source) : source(source), network(NetworkInsides::makeNetwork(getContext())) {
    static Network other;
    static const Tensor given = other.addInput("foreign", DataType::F32, {"batch", 4});
    foreign = given;
  }

  /// What is done with the network follows from `hash`.
  void run(uint64_t hash) {
    for (int calls = 0; !source.isEmpty() && calls < 40; ++calls) {
      bool wasRight = network.error().empty();
      Tensor made = call();
      bool isRight = network.error().empty();
      require(wasRight || !isRight, "an error was forgotten");
      if (isRight)
        require(made && network.shape(made).size() <= 8, "a call gave neither a tensor nor an error");
      tensors.push_back(made);
    }
    // Most bytes mark no output, and without one there is nothing to compile.
    if (hash % 2 == 0 && network.error().empty() && !tensors.empty())
      network.markOutput(tensors.back(), "last");
    reached.built += network.error().empty();
    mlir::OwningOpRef<mlir::ModuleOp> module = NetworkInsides::finish(network);
    reached.outputs += bool(module);
    // Few, or the phases would take nearly all of the time, and machine code nearly all of theirs. By a hash, or
    // mutants of those that go far would be more and more.
    if (!module || hash / 2 % 32 != 0)
      return;
    if (hash / 64 % 64 == 0) {
      std::vector<uint8_t> engine;
      bool compiled = network.compile(engine);
      require(compiled || !network.error().empty(), "a compilation failed and gave no error");
      reached.compiled += compiled;
      return;
    }
    unsigned errors = 0;
    ++reached.phases;
    bool passed = runPhases(*module, static_cast<uint8_t>(hash / 4096), errors);
    require(passed || errors != 0, "a phase failed and gave no error");
    reached.passed += passed;
  }

private:
  std::string name() {
    uint8_t which = source.byte();
    if (which >= 0xf8)
      return std::string(which % 4, static_cast<char>(source.byte()));
    return "l" + std::to_string(which >= 0xe0 ? which % 4 : ++next);
  }
  Tensor tensor() {
    uint8_t which = source.byte();
    if (which >= 0xfc)
      return which % 2 ? foreign : Tensor();
    return tensors.empty() ? Tensor() : tensors[which % tensors.size()];
  }
  std::vector<Tensor> several() {
    std::vector<Tensor> result(source.byte() % 4);
    for (Tensor &each : result)
      each = tensor();
    return result;
  }
  Size size() {
    static const char *const names[] = {"batch", "n", "t", "rows:emb", "a b", ""};
    uint8_t which = source.byte();
    if (which < 0x60)
      return {names[which < 0x58 ? which % 3 : which % 6]};
    return {source.number()};
  }
  std::vector<Size> sizes() {
    std::vector<Size> result;
    for (int rank = source.byte() % (source.byte() < 0xf0 ? 4 : 12); rank > 0; --rank)
      result.push_back(size());
    return result;
  }
  DataType type() {
    uint8_t which = source.byte();
    return which < 0xa0 ? DataType::F32 : which < 0xd0 ? DataType::I64 : static_cast<DataType>(which % 16 - 1);
  }
  /// Data is given only where what is claimed fits into it.
  Weights weights() {
    Weights result;
    uint64_t elements = 1;
    for (int rank = source.byte() % 3; rank > 0; --rank) {
      result.shape.push_back(source.number());
      if (result.shape.back() < 0 || __builtin_mul_overflow(elements, uint64_t(result.shape.back()), &elements))
        elements = numbers().size();
    }
    result.type = type();
    bool fits = elements * 8 <= numbers().size() * 4;
    result.data = source.byte() < 0xf0 && fits ? numbers().data() : nullptr;
    return result;
  }
  Table table() {
    static const char *const names[] = {"emb", "emb", "users", "items", "", "rows:emb"};
    Table result = {names[source.byte() % 6], source.number(), source.number(), nullptr, type()};
    bool fits = result.rows >= 0 && result.dim >= 0 && result.rows < 256 && result.dim < 128;
    if (source.byte() < 0xc0 && fits)
      result.data = numbers().data();
    return result;
  }
  template <typename Enum> Enum enumerator(int count) {
    uint8_t which = source.byte();
    return static_cast<Enum>(which < 0xf8 ? which % count : static_cast<int8_t>(which));
  }

  /// A call, and what it gave.
  Tensor call() {
    switch (source.byte() % 17) {
    case 0:
    case 1:
      return network.addInput(name(), type(), sizes());
    case 2:
      return network.addConstant(name(), weights());
    case 3:
      return network.addEmbedding(name(), table(), tensor());
    case 4:
      return network.addEmbeddingBag(name(), table(), tensor(), enumerator<Pooling>(3));
    case 5:
      return network.addEmbeddingBag(name(), table(), tensor(), tensor(), enumerator<Pooling>(3));
    case 6:
      return network.addLinear(name(), tensor(), weights(), weights());
    case 7:
      return network.addMatrixProduct(name(), tensor(), tensor());
    case 8:
      return network.addInteraction(name(), several(), source.byte() % 2);
    case 9:
      return network.addCross(name(), tensor(), tensor(), weights(), weights());
    case 10:
      return network.addLayerNorm(name(), tensor(), weights(), weights(), source.byte() / 200.0);
    case 11:
      return network.addActivation(name(), tensor(), enumerator<Activation>(11));
    case 12:
      return network.addElementwise(name(), tensor(), tensor(), enumerator<Elementwise>(7));
    case 13:
      return network.addConcat(name(), several(), source.small());
    case 14:
      return network.addReduction(name(), tensor(), source.small(), enumerator<Reduction>(4), source.byte() % 2);
    default:
      return rest();
    }
  }

  Tensor rest() {
    switch (source.byte() % 5) {
    case 0:
      return network.addSoftmax(name(), tensor(), source.small());
    case 1: {
      TopK best = network.addTopK(name(), tensor(), source.number(), source.small());
      tensors.push_back(best.values);
      return best.indices;
    }
    case 2:
      return network.addReshape(name(), tensor(), sizes());
    case 3: {
      std::vector<int> axes(source.byte() % 5);
      for (int &axis : axes)
        axis = source.small();
      return network.addTranspose(name(), tensor(), axes);
    }
    default: {
      Tensor output = tensor();
      bool marked = network.markOutput(output, source.byte() % 2 ? "" : name());
      require(marked == network.error().empty(), "markOutput() and error() disagree");
      return output;
    }
    }
  }

  Source &source;
  Network network;
  Tensor foreign;
  std::vector<Tensor> tensors;
  int next = 0;
};
} // namespace

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  std::atexit([] {
    std::fprintf(stderr, "networks built: %lu; with outputs: %lu; through phases: %lu of %lu; compiled: %lu\n",
                 reached.built, reached.outputs, reached.passed, reached.phases, reached.compiled);
  });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Source source(data, size);
  Calls(source).run(llvm::xxh3_64bits({data, size}));
  return 0;
}
