//===- Host/CpuFeatures.cpp - What this CPU can do ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CpuFeatures.h"

using namespace reckon::runtime;

// __builtin_cpu_supports takes literals only.
#if defined(__x86_64__)
#define RECKON_CPU_FEATURES(X)                                                                                         \
  X("sse2")                                                                                                            \
  X("sse3")                                                                                                            \
  X("ssse3")                                                                                                           \
  X("sse4.1")                                                                                                          \
  X("sse4.2")                                                                                                          \
  X("popcnt")                                                                                                          \
  X("avx")                                                                                                             \
  X("avx2")                                                                                                            \
  X("fma")                                                                                                             \
  X("f16c")                                                                                                            \
  X("bmi")                                                                                                             \
  X("bmi2")                                                                                                            \
  X("lzcnt")                                                                                                           \
  X("movbe")                                                                                                           \
  X("gfni")                                                                                                            \
  X("vaes")                                                                                                            \
  X("vpclmulqdq")                                                                                                      \
  X("avx512f")                                                                                                         \
  X("avx512cd")                                                                                                        \
  X("avx512bw")                                                                                                        \
  X("avx512dq")                                                                                                        \
  X("avx512vl")                                                                                                        \
  X("avx512ifma")                                                                                                      \
  X("avx512vbmi")                                                                                                      \
  X("avx512vbmi2")                                                                                                     \
  X("avx512vnni")                                                                                                      \
  X("avx512bitalg")                                                                                                    \
  X("avx512vpopcntdq") X("avx512bf16") X("avx512fp16") X("avxvnni") X("amx-tile") X("amx-int8") X("amx-bf16")
#else
#define RECKON_CPU_FEATURES(X)
#endif

bool reckon::runtime::checkCpuFeatures(const std::vector<std::string> &features, Error &error) {
  struct Feature {
    const char *name;
    bool present;
  };
  static const std::vector<Feature> known = {
#define RECKON_CPU_FEATURE(name) {name, __builtin_cpu_supports(name) != 0},
      RECKON_CPU_FEATURES(RECKON_CPU_FEATURE)
#undef RECKON_CPU_FEATURE
  };
  std::string missing;
  for (const std::string &feature : features) {
    bool present = false;
    for (const Feature &candidate : known)
      present |= candidate.present && feature == candidate.name;
    if (!present)
      missing += (missing.empty() ? "'" : ", '") + feature + "'";
  }
  if (missing.empty())
    return true;
  return error.set(RECKON_UNAVAILABLE, "the engine was compiled for a CPU with " + missing +
                                           ", which this one lacks; compile the model for this CPU");
}
