//===- Npy.cpp - numpy's array files to attributes -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// The format is numpy's "NPY format", versions 1 to 3: a magic, the length of a header that is a Python dictionary, the
// header, the data.
//
//===---------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Tensors.h"

#include "mlir/IR/Builders.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"

using namespace mlir;

namespace reckon::importer {

static Type getNpyElementType(StringRef descr, MLIRContext *context) {
  Builder b(context);
  auto unsignedType = [&](unsigned width) { return b.getIntegerType(width, /*isSigned=*/false); };
  return llvm::StringSwitch<Type>(descr)
      .Case("|b1", b.getI1Type())
      .Case("|i1", b.getI8Type())
      .Case("<i2", b.getI16Type())
      .Case("<i4", b.getI32Type())
      .Case("<i8", b.getI64Type())
      .Case("|u1", unsignedType(8))
      .Case("<u2", unsignedType(16))
      .Case("<u4", unsignedType(32))
      .Case("<u8", unsignedType(64))
      .Case("<f2", b.getF16Type())
      .Case("<f4", b.getF32Type())
      .Case("<f8", b.getF64Type())
      .Default(nullptr);
}

/// What follows `'key':` in the header.
static StringRef getHeaderField(StringRef header, StringRef key) {
  size_t at = header.find(("'" + key + "':").str());
  return at == StringRef::npos ? StringRef() : header.drop_front(at + key.size() + 3).ltrim();
}

ElementsAttr readNpy(StringRef path, StringRef name, MLIRContext *context, std::string &error) {
  std::unique_ptr<llvm::MemoryBuffer> file = openFile(path, error);
  if (!file) {
    error = "cannot read '" + path.str() + "': " + error;
    return nullptr;
  }
  error = "'" + path.str() + "' is not a .npy array that Reckon can read";
  StringRef bytes = file->getBuffer();
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12)
    return nullptr;
  bool longHeader = bytes[6] >= 2;
  size_t begin = longHeader ? 12 : 10;
  size_t length = longHeader ? llvm::support::endian::read32le(bytes.data() + 8)
                             : llvm::support::endian::read16le(bytes.data() + 8);
  if (length > bytes.size() - begin)
    return nullptr;
  StringRef header = bytes.substr(begin, length);
  StringRef data = bytes.drop_front(begin + length);

  StringRef descr = getHeaderField(header, "descr");
  Type element = descr.consume_front("'")
                     ? getNpyElementType(descr.take_until([](char c) { return c == '\''; }), context)
                     : nullptr;
  StringRef dims = getHeaderField(header, "shape");
  if (!element || !getHeaderField(header, "fortran_order").starts_with("False") || !dims.consume_front("("))
    return nullptr;
  SmallVector<int64_t> shape;
  uint64_t wanted = std::max(element.getIntOrFloatBitWidth() / 8, 1u);
  while (!(dims = dims.ltrim(" ,")).starts_with(")")) {
    int64_t size;
    if (dims.consumeInteger(10, size) || size < 0 || (size > 0 && wanted > uint64_t(maxElements) / size))
      return nullptr;
    shape.push_back(size);
    wanted *= size;
  }
  if (data.size() != wanted)
    return nullptr;
  error.clear();
  return makeTensor(RankedTensorType::get(shape, element), {data.data(), data.size()}, name);
}

} // namespace reckon::importer
