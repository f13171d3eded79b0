//===- Cuda/FillKernel.cpp - Made-up rows, made on the GPU ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Written by hand, so that the runtime needs no compiler: tables of a benchmark have tens of gigabytes, which the host
// would take longer to make and to copy than anything that is measured.
//
//===----------------------------------------------------------------------------===//

#include "FillKernel.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

namespace {
struct Variant {
  ElementType type;
  const char *symbol;
  const char *store; // of %f0 to element %d3 of %d0
};
const Variant variants[] = {
    {ElementType::F32, "reckon_fill_f32",
     "shl.b64 %d7, %d3, 2;\n  add.u64 %d7, %d0, %d7;\n  st.global.f32 [%d7], %f0;"},
    {ElementType::F16, "reckon_fill_f16",
     "cvt.rn.f16.f32 %h0, %f0;\n  shl.b64 %d7, %d3, 1;\n  add.u64 %d7, %d0, %d7;\n  st.global.b16 [%d7], %h0;"},
    // Cut off, as the host does.
    {ElementType::BF16, "reckon_fill_bf16",
     "mov.b32 %r4, %f0;\n  shr.u32 %r4, %r4, 16;\n  cvt.u16.u32 %h0, %r4;\n  shl.b64 %d7, %d3, 1;\n"
     "  add.u64 %d7, %d0, %d7;\n  st.global.b16 [%d7], %h0;"},
};

const char *const halvesSymbol = "reckon_fill_halves";
// Of the number's bits, which %r4 has before it becomes a float, a sign and a fraction.
const char *const halvesStore = "and.b32 %r4, %r4, 0x83ff;\n  or.b32 %r4, %r4, 0x3800;\n  cvt.u16.u32 %h0, %r4;\n"
                                "  shl.b64 %d7, %d3, 1;\n  add.u64 %d7, %d0, %d7;\n  st.global.b16 [%d7], %h0;";

// Element i is the number i + 1 of the host's generator, mixed as it does, mapped to [-1, 1).
const char *const head = R"ptx((.param .u64 out, .param .u64 count, .param .u64 seed) {
  .reg .pred %p<2>;
  .reg .b16 %h<2>;
  .reg .b32 %r<6>;
  .reg .b64 %d<9>;
  .reg .f32 %f<2>;
  ld.param.u64 %d0, [out];
  cvta.to.global.u64 %d0, %d0;
  ld.param.u64 %d1, [count];
  ld.param.u64 %d2, [seed];
  mov.u32 %r0, %ctaid.x;
  mov.u32 %r1, %ntid.x;
  mov.u32 %r2, %tid.x;
  mul.wide.u32 %d3, %r0, %r1;
  cvt.u64.u32 %d4, %r2;
  add.u64 %d3, %d3, %d4;
  mov.u32 %r3, %nctaid.x;
  mul.wide.u32 %d5, %r3, %r1;
more:
  setp.ge.u64 %p0, %d3, %d1;
  @%p0 bra done;
  add.u64 %d6, %d3, 1;
  mul.lo.u64 %d6, %d6, 0x9e3779b97f4a7c15;
  add.u64 %d6, %d6, %d2;
  shr.u64 %d7, %d6, 30;
  xor.b64 %d6, %d6, %d7;
  mul.lo.u64 %d6, %d6, 0xbf58476d1ce4e5b9;
  shr.u64 %d7, %d6, 27;
  xor.b64 %d6, %d6, %d7;
  mul.lo.u64 %d6, %d6, 0x94d049bb133111eb;
  shr.u64 %d7, %d6, 31;
  xor.b64 %d6, %d6, %d7;
  shr.u64 %d7, %d6, 40;
  cvt.u32.u64 %r4, %d7;
  sub.s32 %r4, %r4, 8388608;
  cvt.rn.f32.s32 %f0, %r4;
  mul.f32 %f0, %f0, 0f34000000;
  )ptx";
const char *const tail = R"ptx(
  add.u64 %d3, %d3, %d5;
  bra more;
done:
  ret;
}
)ptx";

const Variant *findVariant(ElementType type) {
  for (const Variant &variant : variants)
    if (variant.type == type)
      return &variant;
  return nullptr;
}
} // namespace

bool FillKernel::supports(ElementType type) { return findVariant(type) != nullptr; }

std::string FillKernel::ptx() {
  std::string text = ".version 7.0\n.target sm_70\n.address_size 64\n";
  auto add = [&](const char *symbol, const char *store) {
    text += std::string(".visible .entry ") + symbol + head + store + tail;
  };
  for (const Variant &variant : variants)
    add(variant.symbol, variant.store);
  add(halvesSymbol, halvesStore);
  return text;
}

bool FillKernel::fill(ElementType type, CUdeviceptr data, uint64_t elements, uint64_t seed, CUstream stream,
                      Error &error) {
  return launch(findVariant(type)->symbol, data, elements, seed, stream, error);
}

bool FillKernel::fillHalves(CUdeviceptr data, uint64_t count, uint64_t seed, CUstream stream, Error &error) {
  return launch(halvesSymbol, data, count, seed, stream, error);
}

bool FillKernel::launch(const char *symbol, CUdeviceptr data, uint64_t elements, uint64_t seed, CUstream stream,
                        Error &error) {
  if (!loaded && !module.load(ptx().c_str(), "the kernels that make up values", error))
    return false;
  loaded = true;
  CUfunction function;
  if (!module.find(symbol, function, error))
    return false;
  constexpr unsigned threads = 256;
  uint64_t wanted = (elements + threads - 1) / threads;
  unsigned blocks = static_cast<unsigned>(std::min<uint64_t>(wanted, 8 * device.properties.multiprocessors));
  void *parameters[] = {&data, &elements, &seed};
  return blocks == 0 ||
         device.driver.cuLaunchKernel(error, function, blocks, 1, 1, threads, 1, 1, 0, stream, parameters, nullptr);
}
