//===- Sodium.h - libsodium, loaded when asked for ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The one place that names its functions.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_SODIUM_H
#define RECKON_LIB_ENGINE_SODIUM_H

#include "reckon/Engine/Signature.h"

#include <cstddef>
#include <memory>

namespace reckon {

using Signature = std::array<uint8_t, 64>;

class Sodium {
public:
  /// Null with the reason when it is not there. Looked for once it is asked for, and never unloaded: the variable
  /// RECKON_LIBSODIUM names another file. Thread-safe.
  static const Sodium *get(EngineError &error);
  static std::unique_ptr<Sodium> load(const std::string &path, EngineError &error);
  ~Sodium();
  Sodium(const Sodium &) = delete;
  Sodium &operator=(const Sodium &) = delete;

  bool makeKeys(PublicKey &key, SecretKey &secret) const;
  Digest digest(const void *data, size_t size) const;
  Signature sign(const void *message, size_t size, const SecretKey &secret) const;
  bool verify(const Signature &signature, const void *message, size_t size, const PublicKey &key) const;

private:
  Sodium() = default;
  void *library = nullptr;
  int (*keypair)(unsigned char *key, unsigned char *secret) = nullptr;
  int (*detached)(unsigned char *signature, unsigned long long *signatureSize, const unsigned char *message,
                  unsigned long long size, const unsigned char *secret) = nullptr;
  int (*verifyDetached)(const unsigned char *signature, const unsigned char *message, unsigned long long size,
                        const unsigned char *key) = nullptr;
  int (*blake2b)(unsigned char *digest, size_t digestSize, const unsigned char *data, unsigned long long size,
                 const unsigned char *key, size_t keySize) = nullptr;
};

} // namespace reckon

#endif // RECKON_LIB_ENGINE_SODIUM_H
