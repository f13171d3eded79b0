//===- HostTensor.cpp - A named tensor in memory --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "HostTensor.h"
#include "lib/Engine/Numbers.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon::tools;

bool HostTensor::elementCount(const std::vector<int64_t> &shape, uint64_t &count) {
  count = 1;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return false;
    empty |= size == 0;
  }
  for (int64_t size : shape)
    if (!empty && (__builtin_mul_overflow(count, static_cast<uint64_t>(size), &count) || count > uint64_t(1) << 48))
      return false;
  if (empty)
    count = 0;
  return true;
}

std::string reckon::tools::shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? "x" : "") + std::to_string(shape[i]);
  return text + "]";
}

bool reckon::tools::isFloat(ReckonElementType type) {
  return type == RECKON_F32 || type == RECKON_F16 || type == RECKON_BF16 || type == RECKON_F64;
}

template <typename T> static T load(const void *data, uint64_t index) {
  T value;
  std::memcpy(&value, static_cast<const uint8_t *>(data) + index * sizeof(T), sizeof(T));
  return value;
}

double reckon::tools::elementAsDouble(ReckonElementType type, const void *data, uint64_t index) {
  return readNumber(static_cast<ElementType>(type),
                    static_cast<const uint8_t *>(data) + index * reckon_element_size(type));
}

std::string reckon::tools::elementText(ReckonElementType type, const void *data, uint64_t index) {
  char text[64];
  if (type == RECKON_I64)
    std::snprintf(text, sizeof(text), "%" PRId64, load<int64_t>(data, index));
  else if (type == RECKON_U64)
    std::snprintf(text, sizeof(text), "%" PRIu64, load<uint64_t>(data, index));
  else
    std::snprintf(text, sizeof(text), "%.9g", elementAsDouble(type, data, index));
  return text;
}

bool reckon::tools::readFile(const std::string &path, std::vector<uint8_t> &bytes, std::string &error) {
  // Opening a pipe would wait for somebody to write into it.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    bool isPipe = descriptor >= 0 && S_ISFIFO(status.st_mode);
    error = "'" + path + "' cannot be opened: " +
            (descriptor < 0 ? std::strerror(errno)
             : isPipe       ? "it is a pipe, expected a file"
                            : "it is not a file");
    if (descriptor >= 0)
      ::close(descriptor);
    return false;
  }
  bytes.clear();
  // In pieces: the file may have grown since.
  for (size_t filled = 0;;) {
    bytes.resize(filled +
                 std::max<size_t>(size_t(1) << 16, filled == 0 ? static_cast<size_t>(status.st_size) + 1 : filled));
    ssize_t part = ::read(descriptor, bytes.data() + filled, bytes.size() - filled);
    if (part < 0 && errno == EINTR)
      continue;
    if (part < 0) {
      error = "'" + path + "' cannot be read: " + std::strerror(errno);
      ::close(descriptor);
      return false;
    }
    filled += part;
    if (part == 0) {
      bytes.resize(filled);
      break;
    }
  }
  ::close(descriptor);
  return true;
}

bool reckon::tools::writeFile(const std::string &path, const std::vector<uint8_t> &bytes, std::string &error) {
  FILE *file = std::fopen(path.c_str(), "wb");
  bool written = file && (bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
  if (file && std::fclose(file) != 0)
    written = false;
  if (!written)
    error = "'" + path + "' cannot be written: " + std::strerror(errno);
  return written;
}
