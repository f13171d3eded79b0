//===- Faults.h - Calls of the system that fail when asked ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Linked into a program, it takes the place of the C library's allocator, and of the calls that map, read and write
// files and start threads, in all of the program and its libraries.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_RUNTIME_FAULTS_H
#define RECKON_TEST_UNIT_RUNTIME_FAULTS_H

#include <cstdint>

namespace reckon::test {

enum class Fault { Allocation, Mapping, Write, Read, Thread };
inline constexpr Fault allFaults[] = {Fault::Allocation, Fault::Mapping, Fault::Write, Fault::Read, Fault::Thread};
const char *faultName(Fault fault);

/// From now on the `nth` call of the kind fails, counted from 1, and with `andLater` those after it, too.
void failNth(Fault fault, uint64_t nth, bool andLater);
/// No call fails any more; how many of the kind there were.
uint64_t stopFailing();

/// In what this thread does between a call with true and one with false nothing fails, and nothing is counted among the
/// calls: it stands for something outside of the program. May be nested.
void leaveAlone(bool isOutside);

/// What the program holds: blocks of memory, bytes of mappings, open files.
struct Holdings {
  int64_t blocks, mappedBytes, files;
  bool operator==(const Holdings &other) const {
    return blocks == other.blocks && mappedBytes == other.mappedBytes && files == other.files;
  }
};
Holdings holdings();

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_RUNTIME_FAULTS_H
