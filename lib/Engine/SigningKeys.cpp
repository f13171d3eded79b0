//===- SigningKeys.cpp - Files of keys ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A key is one line: what it is, a blank, and its bytes as hexadecimal digits.
//
//===----------------------------------------------------------------------------===//

#include "Descriptor.h"
#include "FileWriter.h"
#include "Sodium.h"
#include "reckon/Engine/EngineFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon;

static constexpr std::string_view publicKind = "reckon-public-key", secretKind = "reckon-secret-key";

static bool fail(EngineError &error, EngineError::Kind kind, const std::string &what) {
  error = {kind, what};
  return false;
}

static std::string hex(const uint8_t *bytes, size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i)
    (text += digits[bytes[i] >> 4]) += digits[bytes[i] & 15];
  return text;
}

static int digitOf(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::string reckon::keyText(const PublicKey &key) { return hex(key.data(), key.size()); }

/// Whether `text` is a key of that kind.
static bool parseKey(std::string_view text, std::string_view kind, uint8_t *bytes, size_t size) {
  if (!text.empty() && text.back() == '\n')
    text.remove_suffix(1);
  if (text.size() != kind.size() + 1 + 2 * size || text.substr(0, kind.size()) != kind || text[kind.size()] != ' ')
    return false;
  text.remove_prefix(kind.size() + 1);
  for (size_t i = 0; i < size; ++i) {
    int high = digitOf(text[2 * i]), low = digitOf(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

static bool readKey(const std::string &path, std::string_view kind, uint8_t *bytes, size_t size, EngineError &error) {
  char text[256];
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ssize_t got = file.get() < 0 ? -1 : ::read(file.get(), text, sizeof(text));
  if (got < 0)
    return fail(error, EngineError::Kind::Io, "key '" + path + "' cannot be read: " + std::strerror(errno));
  return parseKey({text, static_cast<size_t>(got)}, kind, bytes, size) ||
         fail(error, EngineError::Kind::Invalid,
              "'" + path + "' is no key: a line '" + std::string(kind) + "' and " + std::to_string(2 * size) +
                  " hexadecimal digits is expected");
}

bool reckon::readPublicKey(const std::string &path, PublicKey &key, EngineError &error) {
  return readKey(path, publicKind, key.data(), key.size(), error);
}

bool reckon::readSecretKey(const std::string &path, SecretKey &key, EngineError &error) {
  return readKey(path, secretKind, key.data(), key.size(), error);
}

static bool writeKey(const std::string &path, mode_t mode, std::string_view kind, const uint8_t *bytes, size_t size,
                     EngineError &error) {
  std::string text = std::string(kind) + " " + hex(bytes, size) + "\n";
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  bool isMade = file.get() >= 0;
  if (isMade && writeAll(file.get(), text.data(), text.size()) && file.close() == 0)
    return true;
  int reason = errno;
  if (isMade)
    ::unlink(path.c_str());
  return fail(error, EngineError::Kind::Io, "key '" + path + "' cannot be written: " + std::strerror(reason));
}

bool reckon::makeKeys(const std::string &path, EngineError &error) {
  const Sodium *sodium = Sodium::get(error);
  if (!sodium)
    return false;
  PublicKey key;
  SecretKey secret;
  if (!sodium->makeKeys(key, secret))
    return fail(error, EngineError::Kind::Unavailable, "libsodium cannot make keys");
  if (!writeKey(path, 0600, secretKind, secret.data(), secret.size(), error))
    return false;
  if (writeKey(path + ".pub", 0644, publicKind, key.data(), key.size(), error))
    return true;
  ::unlink(path.c_str());
  return false;
}
