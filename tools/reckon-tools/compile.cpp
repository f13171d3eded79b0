//===- compile.cpp - reckon-compile of a wheel -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

/// In the compiler's library, which has LLVM in it once for Python and for this.
int reckon_compile_main(int argc, char **argv);

int main(int argc, char **argv) { return reckon_compile_main(argc, argv); }
