//===- Cuda/RowKernel.cpp - Rows copied on the GPU ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Written by hand, so that the runtime needs no compiler.
//
//===----------------------------------------------------------------------------===//

#include "RowKernel.h"

#include <algorithm>

using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

namespace {
/// What a thread copies at a time: the largest unit that rows are whole multiples of.
struct Variant {
  uint64_t bytes;
  const char *symbol, *shift;
  const char *copy; // from %d7 to %d8
};
const Variant variants[] = {
    {16, "reckon_copy_rows_16", "4",
     "ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%d7];\n  st.global.v4.b32 [%d8], {%r4, %r5, %r6, %r7};"},
    {4, "reckon_copy_rows_4", "2", "ld.global.b32 %r4, [%d7];\n  st.global.b32 [%d8], %r4;"},
    {1, "reckon_copy_rows_1", "0", "ld.global.u8 %r4, [%d7];\n  st.global.u8 [%d8], %r4;"},
};

// A thread has the units %d5, %d5 + %d6, ... of all: unit %d10 of row %d9 of the list.
const char *const head = R"ptx((.param .u64 to, .param .u64 from, .param .u64 ids, .param .u64 count, .param .u64 units,
                        .param .u64 fromIds) {
  .reg .pred %p<2>;
  .reg .b32 %r<8>;
  .reg .b64 %d<14>;
  ld.param.u64 %d0, [to];
  cvta.to.global.u64 %d0, %d0;
  ld.param.u64 %d1, [from];
  cvta.to.global.u64 %d1, %d1;
  ld.param.u64 %d2, [ids];
  cvta.to.global.u64 %d2, %d2;
  ld.param.u64 %d3, [count];
  ld.param.u64 %d4, [units];
  mul.lo.u64 %d3, %d3, %d4;
  ld.param.u64 %d13, [fromIds];
  setp.ne.u64 %p1, %d13, 0;
  mov.u32 %r0, %ctaid.x;
  mov.u32 %r1, %ntid.x;
  mov.u32 %r2, %tid.x;
  mul.wide.u32 %d5, %r0, %r1;
  cvt.u64.u32 %d6, %r2;
  add.u64 %d5, %d5, %d6;
  mov.u32 %r3, %nctaid.x;
  mul.wide.u32 %d6, %r3, %r1;
more:
  setp.ge.u64 %p0, %d5, %d3;
  @%p0 bra done;
  div.u64 %d9, %d5, %d4;
  mul.lo.u64 %d10, %d9, %d4;
  sub.u64 %d10, %d5, %d10;
  shl.b64 %d11, %d9, 3;
  add.u64 %d11, %d2, %d11;
  ld.global.u64 %d11, [%d11];
  selp.b64 %d12, %d11, %d9, %p1;
  mad.lo.u64 %d7, %d12, %d4, %d10;
  mad.lo.u64 %d8, %d11, %d4, %d10;
)ptx";
const char *const tail = R"ptx(
  add.u64 %d5, %d5, %d6;
  bra more;
done:
  ret;
}
)ptx";
} // namespace

std::string RowKernel::ptx() {
  std::string text = ".version 7.0\n.target sm_70\n.address_size 64\n";
  for (const Variant &variant : variants)
    text += std::string(".visible .entry ") + variant.symbol + head + "  shl.b64 %d7, %d7, " + variant.shift +
            ";\n  add.u64 %d7, %d1, %d7;\n  shl.b64 %d8, %d8, " + variant.shift + ";\n  add.u64 %d8, %d0, %d8;\n  " +
            variant.copy + tail;
  return text;
}

bool RowKernel::copyTable(const Rows &rows, CUstream stream, Error &error) {
  return launch(rows, /*fromIds=*/1, stream, error);
}

bool RowKernel::scatter(const Rows &rows, CUstream stream, Error &error) {
  return launch(rows, /*fromIds=*/0, stream, error);
}

bool RowKernel::launch(Rows rows, uint64_t fromIds, CUstream stream, Error &error) {
  if (!loaded && !module.load(ptx().c_str(), "the kernels that copy rows", error))
    return false;
  loaded = true;
  const Variant *variant = std::find_if(std::begin(variants), std::end(variants),
                                        [&](const Variant &known) { return rows.rowBytes % known.bytes == 0; });
  CUfunction function;
  if (!module.find(variant->symbol, function, error))
    return false;
  constexpr unsigned threads = 256;
  uint64_t units = rows.rowBytes / variant->bytes, wanted = (rows.count * units + threads - 1) / threads;
  unsigned blocks = static_cast<unsigned>(std::min<uint64_t>(wanted, 16 * device.properties.multiprocessors));
  void *parameters[] = {&rows.to, &rows.from, &rows.ids, &rows.count, &units, &fromIds};
  return blocks == 0 ||
         device.driver.cuLaunchKernel(error, function, blocks, 1, 1, threads, 1, 1, 0, stream, parameters, nullptr);
}
