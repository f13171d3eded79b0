//===- MutableEngine.cpp - A small engine to damage -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "MutableEngine.h"
#include "lib/Engine/EngineFormat.h"

#include <cstring>

using namespace reckon;

SizeExpr test::size(std::string_view text) { return SizeExpr::parse(text).value(); }

static KernelSpec kernel(const char *symbol, const char *kind, std::vector<std::string> nodes) {
  KernelSpec result;
  result.symbol = symbol;
  result.kind = kind;
  result.onnxNodes = std::move(nodes);
  return result;
}

/// Code for test/unit/runtime/FakeCuda.cpp: the bytes of each parameter.
static const char fakePtx[] = "kernel g0 8 8 8 128 8 8 8 8\n"
                              "kernel g1 8 8 8 8 8 8 8\n";

/// A product with a choice of launches, one by a library.
static ProgramSpec cudaProgram() {
  ProgramSpec program;
  program.target = {DeviceKind::Cuda, "sm_90a", {}};
  program.slots = {test::size("16*batch")};
  KernelSpec tiles = kernel("g0", "gemm", {"/fc/Gemm"});
  tiles.registers = 128;
  tiles.blockThreads = 256;
  tiles.cluster = 2;
  tiles.sharedBytes = 65536;
  tiles.staticSharedBytes = 1024;
  tiles.spillBytes = 8;
  tiles.usesPdl = true;
  tiles.layers = {{"linear", {"/fc/Gemm"}, {0, 1}, {"f32[batch, 4]"}}, {"yield", {}, {-1}, {}}};
  tiles.tensorMaps = {{0, ElementType::F32, {3, test::size("batch")}, {test::size("16*batch")}, {4, 64}, 32}};
  KernelSpec rows = kernel("g1", "rows", {});
  rows.blockThreads = 64;
  program.kernels = {tiles, rows};
  GemmSpec product;
  product.weight = 1;
  product.out = 2;
  product.m = test::size("batch");
  product.n = product.ldb = product.ldc = 4;
  product.k = product.lda = 3;
  product.compute = GemmCompute::TF32;
  product.epilogue = GemmEpilogue::Relu;
  DispatchSpec dispatch;
  dispatch.operands = {
      {Space::Input, 0, 0, 0, "", ""}, {Space::Weight, 0, 0, 0, "", ""}, {Space::Output, 0, 0, 0, "", ""}};
  dispatch.numOutputs = 1;
  LaunchSpec library, tiled, last;
  library.library = "cublaslt";
  library.gemm = product;
  library.minRows = 100;
  library.needsTiming = true;
  tiled.grid = {test::size("ceildiv(batch, 64)"), 2};
  tiled.blocksPerSm = 2;
  tiled.scratchBytes = test::size("4*batch");
  tiled.minRows = 8;
  tiled.maxRows = 99;
  last.kernel = 1;
  last.grid = {test::size("batch")};
  dispatch.launches = {library, tiled, last};
  DispatchSpec cover = dispatch;
  cover.launches = {tiled};
  cover.covers = {0};
  program.chains = {{test::size("batch"), 1, {dispatch}}, {test::size("batch"), 1, {cover}}};
  program.arenaUnshared = test::size("32*batch");
  return program;
}

EngineSpec test::mutableSpec() {
  EngineSpec spec;
  spec.producer = "reckon test";
  ProgramSpec program;
  program.target = {DeviceKind::Host, "generic", {"sse2"}};
  spec.dims = {"batch", "rows:emb", "rows:far"};
  spec.inputs = {{"x", ElementType::F32, {size("batch"), 3}}, {"ids", ElementType::I64, {size("batch"), 2}}};
  spec.outputs = {{"y", ElementType::F32, {size("batch"), 4}}};
  spec.weights = {
      {"w", ElementType::F32, {3, 4}, "row_major", spec.own(std::vector<uint8_t>(48, 7))},
      {"b", ElementType::F16, {5}, "row_major", spec.own(std::vector<uint8_t>(10, 9))},
      {"none", ElementType::F32, {0}, "row_major", {}},
  };
  TableSpec table;
  table.name = "emb";
  table.rows = 5;
  table.dim = 4;
  table.rowsDim = 1;
  table.data = spec.own(std::vector<uint8_t>(80, 3));
  spec.tables.push_back(table);
  table.name = "far";
  table.rows = 100;
  table.rowsDim = 2;
  table.data = {};
  table.externalFile = "far.bin";
  table.externalOffset = 128;
  table.outOfRange = OutOfRange::Clamp;
  spec.tables.push_back(table);
  program.slots = {size("16*batch")};
  program.localSlots = {16};
  program.kernels = {kernel("k0", "gemm", {"/fc/Gemm"}), kernel("k1", "rows", {})};
  DispatchSpec first{
      0, {{Space::Input, 0, 0, 0, "", ""}, {Space::Weight, 0, 0, 0, "", ""}, {Space::Local, 0, 0, 16, "", ""}},
      1, SizeExpr(),
      0, 0,
      1, {}};
  DispatchSpec second{1,
                      {{Space::Local, 0, 0, 16, "", ""},
                       {Space::Table, 0, 0, 0, "ids", "off"},
                       {Space::Arena, 0, 0, 0, "", ""},
                       {Space::Output, 0, 0, 0, "", ""}},
                      2,
                      64,
                      24,
                      48,
                      2,
                      {}};
  program.chains = {{size("batch"), 32, {first, second}}};
  spec.code = {{CodeKind::Host, "code", spec.own(std::vector<uint8_t>(100, 1))},
               {CodeKind::Ptx, "sm_90a", spec.own({fakePtx, fakePtx + sizeof(fakePtx)})}};
  program.arenaUnshared = size("32*batch");
  spec.programs = {program, cudaProgram()};
  spec.idUses = {{1, 0, 1, size("rows:emb")}};
  spec.offsetsUses = {{1, 1, true}};
  spec.recipe = RecipeSpec{{"--precision=fp16", "--check-kernels"}, {{"fc.bias", 77}, {"eps", 3}}};
  spec.requirements = {{size("3*batch"), size("batch"), false, "topk", "the greatest of each three"}};
  return spec;
}

static format::Header headerOf(const std::vector<uint8_t> &engine) {
  format::Header header;
  std::memcpy(&header, engine.data(), sizeof(header));
  return header;
}

uint64_t test::metadataSize(const std::vector<uint8_t> &engine) { return headerOf(engine).metadataSize; }

void test::repairChecksums(std::vector<uint8_t> &engine) {
  format::Header header = headerOf(engine);
  if (header.sectionsOffset < sizeof(header) || header.sectionsOffset > engine.size())
    return;
  header.metadataChecksum = format::checksum(engine.data() + sizeof(header), header.sectionsOffset - sizeof(header));
  header.headerChecksum = format::checksum(&header, offsetof(format::Header, headerChecksum));
  std::memcpy(engine.data(), &header, sizeof(header));
}
